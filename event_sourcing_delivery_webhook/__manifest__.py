{
    "name": "Event Sourcing: Webhooks",
    "summary": "Events are posted to URLs, signed after Standard Webhooks",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_delivery"],
    "external_dependencies": {"python": ["requests", "standardwebhooks"]},
    "data": ["views/event_destination_views.xml"],
}
