{
    "name": "Event Sourcing: Record Events",
    "summary": "Record events by hand, with a form made of what the handler declares",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_catalog"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_sourcing_record_rules.xml",
        "wizards/event_store_record_wizard_views.xml",
        "views/menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "event_sourcing_record/static/src/**/*.js",
            "event_sourcing_record/static/src/**/*.xml",
            "event_sourcing_record/static/src/**/*.scss",
        ],
    },
}
