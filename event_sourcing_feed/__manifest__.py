{
    "name": "Event Sourcing: Feed",
    "summary": "Events that cause things: read models, reactions, and a cursor that misses nothing",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_job"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_reaction_rules.xml",
        "data/event_feed_cron.xml",
        "views/event_subscription_views.xml",
        "wizards/event_reaction_skip_views.xml",
        "views/event_reaction_views.xml",
        "views/menus.xml",
    ],
}
