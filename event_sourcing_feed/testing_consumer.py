"""What the lints of projections and reactions share; see ``testing``."""

from difflib import get_close_matches

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES

from .models.event_consumer import EVERYTHING


def unknown_types(consumer):
    """Return a sentence for each event type to which a consumer subscribes and that none declares.

    :return: list of text; what is declared by no handler's table cannot be said to be wrong
    """
    registry = consumer.env["snapshot.handler.registry"]
    problems = []
    for model_name, types in consumer._event_types().items():
        handler = None if model_name == EVERYTHING else registry._claimed(model_name)
        known = list(getattr(handler, "_transitions", ()))
        for event_type in types if known else ():
            if event_type in (EVERYTHING, *FAILURE_TYPES, *known):
                continue
            close = get_close_matches(event_type, known, n=1)
            hint = f"; did you mean {close[0]}?" if close else ""
            problems.append(f"{model_name} has no event type {event_type}{hint}")
    return problems
