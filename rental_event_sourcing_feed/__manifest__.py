{
    "name": "Rental: What Events Cause",
    "summary": "Utilisation per product and month, and repairs of what was damaged",
    "version": "2.2.0",
    "category": "Sales/Rental",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["rental_event_sourcing", "event_sourcing_feed"],
    "data": [
        "security/ir.model.access.csv",
        "security/rental_feed_rules.xml",
        "views/rental_utilisation_views.xml",
        "views/rental_repair_views.xml",
        "views/rental_feed_menus.xml",
    ],
    "auto_install": True,
}
