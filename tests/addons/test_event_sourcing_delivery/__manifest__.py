{
    "name": "Event Sourcing: a destination for the tests of delivery",
    "version": "1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_delivery", "test_event_sourcing"],
    "installable": True,
}
