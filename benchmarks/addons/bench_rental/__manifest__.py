{
    "name": "Benchmark: a rental that does what those of the others do",
    "version": "1.0.0",
    "category": "Hidden",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_job", "event_sourcing_transfer", "product"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
