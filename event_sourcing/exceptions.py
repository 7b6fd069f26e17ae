"""Errors of the event store that callers may want to tell apart."""

from odoo.exceptions import UserError


class SchemaError(Exception):
    """A stored event is of a schema version that its handler cannot read.

    A technical fault, no broken rule: the addon with the handler is too old, or lacks
    an upcaster.
    """


class VersionConflict(UserError):
    """The expected version is not the next one of the stream; nothing was stored."""


class HandlerConflict(UserError):
    """Two handlers claim the same aggregate; the message names both."""
