{
    "name": "Event Sourcing: the examples of the feed's page",
    "version": "1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_feed", "readme_example"],
    "data": ["security/ir.model.access.csv"],
    "installable": True,
}
