"""What the lints of projections and reactions share; see ``testing``."""


def unknown_types(consumer):
    """Return a sentence for each type to which a consumer subscribes and that nobody declares."""
    return consumer.env["event.consumer.registry"]._unknown_types(consumer)
