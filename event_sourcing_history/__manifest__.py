{
    "name": "Event Sourcing: History",
    "summary": "Timelines, what was true at a moment, and two moments side by side",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_job"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_sourcing_history_rules.xml",
        "data/event_exports.xml",
        "views/event_as_of_job_views.xml",
        "views/event_as_of_button_views.xml",
        "views/event_boundary_views.xml",
        "wizards/event_as_of_views.xml",
        "wizards/event_boundary_as_of_views.xml",
        "views/menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "event_sourcing_history/static/src/**/*.js",
            "event_sourcing_history/static/src/**/*.xml",
            "event_sourcing_history/static/src/**/*.scss",
        ],
    },
}
