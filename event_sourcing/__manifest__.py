{
    "name": "Event Sourcing",
    "summary": "Record what happened once and for ever, and fold it into snapshots",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "website": "https://github.com/odoo-event-sourcing/odoo-event-sourcing",
    "depends": ["base", "web"],
    "data": [
        "security/event_sourcing_groups.xml",
        "security/ir.model.access.csv",
        "security/event_sourcing_rules.xml",
    ],
    "uninstall_hook": "uninstall_hook",
    "application": True,
    "installable": True,
}
