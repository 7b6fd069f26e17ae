import time
from contextlib import nullcontext

from odoo import api, models

from odoo.addons.event_sourcing_base.db_errors import db_error_kinds

from ..commit_guard import guarded
from ..operation import Operation, operation
from ..time_limit import limit_statements, time_limit
from .event_feed import check_readable

# Nobody's fault: the page, or the task, comes again.
COMES_AGAIN = {"conflict", "lost", "resources"}
# Seconds after which a page ends with what is done: others have their turn, and that stays.
PAGE_SECONDS = 10


class EventReaction(models.AbstractModel):
    """What is to happen when something has happened: any Odoo code, exactly once per event.

    ::

        class InvoiceReaction(models.AbstractModel):
            _name = "rental.invoice.reaction"
            _inherit = "event.reaction"
            _subscribes = {"rental": ("RentalConfirmed",)}

            def _react(self, event):
                ...

    It runs with full rights in the event's company. Its effects and "done" are one transaction,
    which it must not end. An event at which it fails waits for another try, and those of the
    same record behind it; see ``event.reaction.task``.
    """

    _name = "event.reaction"
    _inherit = "event.consumer"
    _description = "Reaction"
    _kind = "reaction"
    # A new one begins with what is recorded from now on, unless this or ``_begins_on`` says else.
    _begins_at_first = False
    _page_size = 100
    # Seconds for one event.
    _time_limit = 60
    # Seconds after which an event is tried again; after the last try it is a dead letter.
    _retries = (1, 10, 60, 600, 3600)
    # Whether it reacts to what was imported or restored: that is history elsewhere.
    _reacts_to_history = False

    @property
    def _takes_history(self):
        return self._reacts_to_history

    @api.model
    def _react(self, event):
        """Do what follows from an event; its effects and "done" are one transaction.

        :param FeedEvent event: in today's names and schema version
        """
        raise NotImplementedError

    @api.model
    def _line_of(self, event):
        """Return the name of the line in which an event waits, within its company.

        Where the reaction fails at one, the others of the line wait behind it, in order.
        """
        return f"{event.model_name}/{event.aggregate_id}"

    @api.model
    def _limited(self):
        limit_statements(self.env.cr, self._time_limit)
        return nullcontext()  # beside that, each event has a limit of its own

    @api.model
    def _consume(self, subscription, events):
        tasks = self.env["event.reaction.task"]
        lines = [self._safe_line(event) for event in events]
        held, waiting, taken = tasks._held(subscription, events, lines), set(), 0
        end = time.monotonic() + PAGE_SECONDS
        for event, line in zip(events, lines, strict=True):
            if taken and time.monotonic() >= end:
                break
            taken += 1
            if (event.company_id, line) in held:
                tasks._add(subscription, event.id, event, line)
                waiting.add((subscription.id, event.company_id, line))
            elif error := self._attempt(event):
                tasks._add(subscription, event.id, event, line)._note_error(error)
                held.add((event.company_id, line))
        if waiting:
            # Whoever stood before them may be done meanwhile, in a transaction not seen here.
            self.env.cr.postcommit.add(lambda: tasks._move_up_apart(waiting))
        return taken

    @api.model
    def _safe_line(self, event):
        try:
            return self._line_of(event)
        except Exception:  # the same error will be that of its try
            return EventReaction._line_of(self, event)

    @api.model
    def _attempt(self, event):
        """Let it react to an event, all or nothing.

        :return: the error that stopped it, or None
        :raise Exception: for what is nobody's fault, such as a conflict
        """
        own = self.with_context(allowed_company_ids=[event.company_id])
        cr = self.env.cr
        try:
            check_readable([event])
            with cr.savepoint() as step, own._around(event), guarded(cr, step.name):
                with time_limit(self._time_limit):
                    own._react(event)
                    cr.flush()
        except Exception as error:
            if comes_again(error):
                raise
            return error
        return None

    @api.model
    def _around(self, event):
        """Return a context manager in which it reacts to an event.

        What it records has the event's correlation, the event as its cause, and UUIDs that
        follow from both: what is repeated is recognised.
        """
        origin = "/".join((self._name, str(event.company_id), event.event_uuid))
        begun = Operation(event.correlation_id or event.event_uuid, event.event_uuid, origin)
        return operation(self.env.cr, begun, instead=True)

    @api.model
    def _could_not_consume(self, subscription, event):
        task = self.env["event.reaction.task"]._add(
            subscription, event.id, event, self._safe_line(event)
        )
        task._note_deaths()
        return True


def comes_again(error):
    """Whether an error is nobody's fault; a statement that took too long is the reaction's."""
    return not COMES_AGAIN.isdisjoint(db_error_kinds(error))
