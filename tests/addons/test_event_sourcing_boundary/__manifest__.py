{
    "name": "Event Sourcing: boundaries for its tests",
    "version": "1.0.0",
    "category": "Hidden/Tests",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_boundary"],
    "installable": True,
}
