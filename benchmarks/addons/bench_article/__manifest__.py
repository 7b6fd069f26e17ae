{
    "name": "Benchmark: the article's design",
    "version": "1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["base"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
