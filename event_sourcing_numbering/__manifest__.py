{
    "name": "Event Sourcing: Numbering",
    "summary": "New records begin streams of their own, under references that are free",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing"],
}
