{
    "name": "Event Sourcing: NATS",
    "summary": "Events are published to NATS JetStream, and acknowledged",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_delivery"],
    "external_dependencies": {"python": ["nats-py", "nkeys"]},
    "data": ["views/event_destination_views.xml"],
}
