{
    "name": "Event Sourcing: Catalog",
    "summary": "Handlers, event types and aggregate types as lists; what is wrong with a handler",
    "version": "1.1.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    # The core as well: an update of it looks for who depends on it before boundaries are installed.
    "depends": ["event_sourcing", "event_sourcing_boundary"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_store_policy_wizard_rules.xml",
        "views/event_aggregate_type_views.xml",
        "views/event_handler_views.xml",
        "wizards/base_module_uninstall_views.xml",
        "wizards/event_store_policy_wizard_views.xml",
        "views/res_config_settings_views.xml",
        "views/events_page.xml",
        "views/menus.xml",
    ],
}
