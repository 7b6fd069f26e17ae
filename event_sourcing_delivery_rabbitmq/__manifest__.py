{
    "name": "Event Sourcing: RabbitMQ",
    "summary": "Events are published to an exchange of RabbitMQ, and confirmed",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_delivery"],
    "external_dependencies": {"python": ["pika"]},
    "data": ["views/event_destination_views.xml"],
}
