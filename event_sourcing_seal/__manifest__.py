{
    "name": "Event Sourcing: Seals",
    "summary": "Proof that events are what they were when they were recorded",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_job"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_sourcing_seal_rules.xml",
        "data/event_seal_cron.xml",
        "views/event_seal_views.xml",
        "views/event_seal_overview_views.xml",
        "views/menus.xml",
    ],
    "uninstall_hook": "uninstall_hook",
}
