{
    "name": "Event Sourcing: Boundaries",
    "summary": "Rules that span streams, decided in the append under a lock on their keys",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_declaration"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_boundary_rules.xml",
        "data/event_boundary_cron.xml",
        "views/event_boundary_views.xml",
        "views/event_boundary_key_views.xml",
        "views/menus.xml",
    ],
    "pre_init_hook": "take_over_xml_ids",
}
