{
    "name": "Benchmark: a read model",
    "version": "1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_feed", "bench_rental"],
    "installable": True,
}
