{
    "name": "Benchmark: how much of a request is the event store's",
    "version": "1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing"],
    "installable": True,
}
