"""Errors of the event store that callers may want to tell apart."""

from odoo.exceptions import UserError


class VersionConflict(UserError):
    """The expected version is not the next one of the stream; nothing was stored."""


class HandlerConflict(UserError):
    """Two handlers claim the same aggregate; the message names both."""
