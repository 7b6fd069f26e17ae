{
    "name": "Event Sourcing: Catalog",
    "summary": "Handlers, event types and aggregate types as lists; what is wrong with a handler",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing"],
    "data": [
        "security/ir.model.access.csv",
        "views/event_aggregate_type_views.xml",
        "views/event_handler_views.xml",
        "wizards/base_module_uninstall_views.xml",
        "views/events_page.xml",
        "views/menus.xml",
    ],
}
