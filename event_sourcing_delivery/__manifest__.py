{
    "name": "Event Sourcing: Delivery",
    "summary": "Other systems are told what happened: destinations, in stream order, at least once",
    "version": "1.1.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_feed"],
    "external_dependencies": {"python": ["cloudevents"]},
    "data": [
        "security/ir.model.access.csv",
        "security/event_delivery_rules.xml",
        "views/event_delivery_views.xml",
        "views/event_destination_views.xml",
        "views/menus.xml",
        "views/res_config_settings_views.xml",
    ],
}
