{
    "name": "Benchmark: rentals decided by their handler, without orders",
    "version": "1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["rental_event_sourcing"],
    "installable": True,
}
