{
    "name": "Event Sourcing: Declarations",
    "summary": "What is declared wrongly is told in a sentence, and switched off",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing"],
    "auto_install": True,
}
