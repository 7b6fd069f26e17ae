"""Errors of the event store that callers may want to tell apart."""

from odoo.exceptions import UserError


class SchemaError(Exception):
    """A stored event is of a schema version that its handler cannot read.

    A technical fault, no broken rule: the addon with the handler is too old, or lacks
    an upcaster.
    """


class EventsArchived(UserError):
    """A replay would need events that are in an archive; the message names its file."""


class HistoryFoldError(Exception):
    """The state to which an event is to be applied is neither stored nor can be folded.

    A technical fault, no broken rule: the event that met it can be applied again, once the
    handler can fold the stream, or its archive is back.
    """


class StreamFoldError(Exception):
    """The database refused something of some streams of a batch; leaves a savepoint.

    :ivar set streams: their keys, ``(company id, model_name, aggregate_id)``
    :ivar dict folded: what was folded of them, where that is known; see
        ``event.store._fold_pending``
    """

    def __init__(self, streams, folded=None):
        self.streams = set(streams)
        super().__init__(f"{len(self.streams)} streams")
        self.folded = folded or {}


class BoundaryKeysMissing(Exception):
    """An event is about keys that were not locked in their order; leaves a savepoint."""


class StoredMeanwhile(Exception):
    """An event of a batch was stored while the batch waited for its stream; leaves a savepoint."""


class VersionConflict(UserError):
    """The expected version is not the next one of the stream; nothing was stored."""


class RuleViolation(UserError):
    """A rule was broken that has a name.

    Raise it in a handler instead of ``UserError`` where reports shall count a rule as
    one, whatever its sentence says and in whichever language::

        raise RuleViolation(_("The demo would end before it starts."), "demo_dates")

    A plain ``UserError`` is told apart by the line of code that raises it.

    :ivar str rule: short and stable; the handler's ``_rule_labels`` may put it in words
    :ivar dict context: what JSON-RPC sends along: the rule, such as ``payload:quantity:minimum``,
        where a program looks for the key that the sentence calls by its label
    """

    def __init__(self, message, rule):
        super().__init__(message)
        self.rule = rule
        self.context = {"rule": rule}


BrokenRule = RuleViolation  # its former name, which handlers may still import


class HandlerConflict(UserError):
    """Two handlers claim the same aggregate; the message names both."""


class HandlerOff(UserError):
    """What a handler declares is wrong; the message says what to write. Nothing was stored."""


class BoundaryNotReady(UserError):
    """A boundary does not know yet what was recorded before it was there. Nothing was stored."""
