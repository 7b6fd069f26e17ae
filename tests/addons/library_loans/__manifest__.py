{
    "name": "Library Loans",
    "version": "1.0.0",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_all"],
    "data": ["security/ir.model.access.csv", "security/loan_rules.xml"],
}
