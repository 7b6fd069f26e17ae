{
    "name": "Event Sourcing: Feed for BI",
    "summary": "A view by which BI tools load what is new, and lose nothing",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_feed", "event_sourcing_bi"],
    "auto_install": True,
}
