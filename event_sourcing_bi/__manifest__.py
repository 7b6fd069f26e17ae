{
    "name": "Event Sourcing: BI",
    "summary": "Views for BI tools, and a database user that reads nothing else",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_analysis"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_sourcing_bi_rules.xml",
        "wizards/event_bi_access_views.xml",
        "views/menus.xml",
    ],
    "uninstall_hook": "uninstall_hook",
}
