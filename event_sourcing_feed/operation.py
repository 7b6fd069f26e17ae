"""Which business operation a transaction is about: what it records has one correlation.

Kept per cursor: code that changes the environment on its way stays in the operation.
"""

import hmac
import uuid
from contextlib import contextmanager
from weakref import WeakKeyDictionary

_operations = WeakKeyDictionary()


class Operation:
    """What events get that are recorded in it, where their callers say nothing else.

    :param str correlation_id: of all of them
    :param str causation_id: UUID of the event that led to them, if any
    :param str origin: what makes their UUIDs, so that they are the same when it is repeated;
        empty: every event gets a new one
    """

    def __init__(self, correlation_id, causation_id=None, origin=""):
        self.correlation_id = correlation_id
        self.causation_id = causation_id
        self.origin = origin
        self.count = 0

    def name(self, vals, secret):
        """Complete the values of an event that is about to be recorded.

        :param dict vals: clean
        :param str secret: nobody who does not know it can tell the UUIDs in advance, and take
            them before
        """
        vals["correlation_id"] = vals["correlation_id"] or self.correlation_id
        vals["causation_id"] = vals["causation_id"] or self.causation_id
        if self.origin and not vals["event_uuid"]:
            self.count += 1
            vals["event_uuid"] = derived_uuid(secret, self.origin, self.count)


def derived_uuid(secret, *words):
    """Return the UUID that follows from some words, in the shape of version 5."""
    text = "\0".join(["event_sourcing_feed", *map(str, words)])
    digest = hmac.new(secret.encode(), text.encode(), "sha256").digest()
    return str(uuid.UUID(bytes=digest[:16], version=5))


def current(cr):
    """Return the operation that the transaction of a cursor is about, or None."""
    return _operations.get(cr)


@contextmanager
def operation(cr, begun, instead=False):
    """Let what is recorded be about an operation; where there is one already, that one counts.

    :param Operation begun: what it is about, if it is about nothing yet
    :param bool instead: whether it counts in any case
    """
    outer = current(cr)
    if outer is not None and not instead:
        yield outer
        return
    _operations[cr] = begun
    try:
        yield begun
    finally:
        if outer is None:
            del _operations[cr]
        else:
            _operations[cr] = outer
