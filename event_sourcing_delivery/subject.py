"""What an event is called by brokers, which pass it on by that."""

from functools import lru_cache
from urllib.parse import quote

ROOT = "odoo"


def subject_of(database, message):
    """Return the subject of a message: ``odoo.<database>.<aggregate type>.<event type>``.

    :rtype: str
    """
    return ".".join((ROOT, *map(token, (database, message.model_name, message.event_type))))


@lru_cache(1000)
def token(name):
    """Return a name as one token of a subject, which ``urllib.parse.unquote`` turns back.

    What may not stand in a token is percent-encoded, and so is the dot, which would end it.
    """
    return quote(name, safe="").replace(".", "%2E")
