{
    "name": "Event Sourcing: Import and Export",
    "summary": "Events from files and into files; a file is checked as a whole first",
    "version": "1.1.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_job"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_transfer_rules.xml",
        "views/event_transfer_views.xml",
        "wizards/event_import_views.xml",
        "views/menus.xml",
    ],
}
