{
    "name": "Event Sourcing: Archives",
    "summary": "Old events in partitions, and in files that prove themselves",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_seal"],
    "data": [
        "security/ir.model.access.csv",
        "views/event_archive_views.xml",
        "views/event_archive_job_views.xml",
        "views/menus.xml",
    ],
    "uninstall_hook": "uninstall_hook",
}
