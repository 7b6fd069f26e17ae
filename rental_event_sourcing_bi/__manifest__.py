{
    "name": "Rental: BI",
    "summary": "Rentals among the views for BI tools",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["rental_event_sourcing", "event_sourcing_bi"],
    "auto_install": True,
}
