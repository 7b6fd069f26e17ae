{
    "name": "Event Sourcing: consumers for the tests of the feed",
    "version": "1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_feed", "test_event_sourcing"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
