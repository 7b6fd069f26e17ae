{
    "name": "Event Sourcing",
    "summary": "Record what happened, immutably, and keep snapshots of what is true now",
    "version": "1.1.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_base"],
    "data": [
        "security/event_sourcing_groups.xml",
        "security/ir.model.access.csv",
        "security/event_sourcing_rules.xml",
        "views/event_store_views.xml",
        "views/event_stream_views.xml",
        "views/event_snapshot_views.xml",
        "views/event_sourcing_menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "event_sourcing/static/src/**/*.js",
            "event_sourcing/static/src/**/*.scss",
        ],
    },
    "uninstall_hook": "uninstall_hook",
    "images": ["static/description/timeline.png"],
    "application": True,
}
