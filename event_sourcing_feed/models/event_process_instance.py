import logging
import math
import time
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.exceptions import EventsArchived
from odoo.addons.event_sourcing_base.db_errors import db_error_kinds
from odoo.addons.event_sourcing_base.fields import NO_SUM, JsonDocument

from ..operation import Operation, derived_uuid, operation
from ..own_transaction import in_own_transaction, statements_alone
from ..position import Position
from ..time_limit import limit_statements, time_limit
from ..tries import Tries, ensure_tries
from .event_feed import check_readable
from .event_reaction import comes_again
from .event_reaction_run import DEATHS, TURN
from .event_subscription_run import told

_logger = logging.getLogger(__name__)

# Without a foreign key: a timeout that comes goes in a transaction that does not see its try.
TRIES = Tries("event_process_timeout_try", "timeout_id")
BATCH = 50
MOST_MINUTES = 60


class EventProcessInstance(models.Model):
    """What a process remembers of one instance: the fold of the events that it was given.

    A cache: the state can be made again of ``events`` at any time.
    """

    _name = "event.process.instance"
    _inherit = "access.first.mixin"
    _description = "Instance of a Process"
    _order = "id desc"
    _rec_name = "key"

    subscription_id = fields.Many2one(
        "event.subscription", string="Process", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    key = fields.Char(string="Name", required=True, readonly=True)
    state = JsonDocument(required=True, readonly=True)
    events = JsonDocument(
        required=True, readonly=True, help="The ids of the events that it was given, in order."
    )
    process_version = fields.Integer(readonly=True, **NO_SUM)
    ended = fields.Boolean(readonly=True, help="It decides nothing more.")
    timeout_ids = fields.One2many("event.process.timeout", "instance_id", string="Timeouts")

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_process_instance_uniq"
            " ON event_process_instance (subscription_id, company_id, key)"
        )

    @api.model
    def _locked(self, process, company_id, key):
        """Return the row of an instance, made where there is none, and keep others out."""
        sub = self.env["event.subscription"].search([("consumer", "=", process._name)])
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO event_process_instance (subscription_id, company_id, key, state, events,
                                                process_version, ended, create_uid, create_date)
            VALUES (%(sub)s, %(company)s, %(key)s, %(state)s, '{"ids": []}', %(version)s, false,
                    %(uid)s, now() AT TIME ZONE 'UTC')
                ON CONFLICT DO NOTHING;
            SELECT id FROM event_process_instance
             WHERE subscription_id = %(sub)s AND company_id = %(company)s AND key = %(key)s
               FOR UPDATE
            """,
            {
                "sub": sub.id,
                "company": company_id,
                "key": key,
                "state": self._fields["state"].convert_to_column(process._initial_state(), self),
                "version": process._process_version,
                "uid": self.env.uid,
            },
        )
        instance = self.browse(self.env.cr.fetchone()[0])
        instance.invalidate_recordset(flush=False)
        return instance

    def _take(self, process, event):
        """Fold an event in; return whether the process has something to decide about it.

        One that comes after later ones is put in its place: the state is that of all of them in
        the order of the feed, whatever the order in which they came.
        """
        ids = self.events["ids"]
        if event.id in ids:
            return False
        ended, last = self.ended, ids[-1] if ids else 0
        ids = sorted([*ids, event.id])
        if event.id > last and self.process_version == process._process_version:
            state = process._fold(self.state, [event])
        else:
            state = self._folded(process, ids)
        self._keep(process, state, ids)
        return not ended

    def _folded(self, process, ids):
        events = self.env["event.store"]._feed_events_of(ids, SQL("true"))
        if away := set(ids).difference(event.id for event in events):
            raise EventsArchived(
                _(
                    "The event %(event)s, from which the process %(key)s follows, is in an"
                    " archive; bring it back.",
                    event=min(away),
                    key=self.key,
                )
            )
        check_readable(events)
        return process._fold(process._initial_state(), events)

    def _keep(self, process, state, ids):
        self.write(
            {
                "state": state,
                "events": {"ids": ids},
                "process_version": process._process_version,
                "ended": process._ended(state),
            }
        )

    def _rebuild(self):
        """Fold the states anew from their events; nothing is decided again."""
        for instance in self:
            process = self.env[instance.subscription_id.consumer]
            ids = instance.events["ids"]
            instance._keep(process, instance._folded(process, ids), ids)

    def _schedule_all(self, process, event, timeouts):
        """Note timeouts; where the process has ended there are none any more."""
        if self.ended:
            self.timeout_ids.unlink()
            return
        self.env["event.process.timeout"].create(
            [
                {
                    "instance_id": self.id,
                    "event_type": timeout.event_type,
                    "due": timeout.at,
                    "payload": timeout.payload,
                    "cause_uuid": event.event_uuid,
                    "correlation_id": event.correlation_id or event.event_uuid,
                    "number": number,
                }
                for number, timeout in enumerate(timeouts, 1)
            ]
        )


class EventProcessTimeout(models.Model):
    """A timeout that is not due yet: an event that is to come."""

    _name = "event.process.timeout"
    _inherit = "access.first.mixin"
    _description = "Timeout of a Process"
    _order = "due, id"
    _rec_name = "event_type"

    instance_id = fields.Many2one(
        "event.process.instance",
        string="About",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    event_type = fields.Char(required=True, readonly=True)
    due = fields.Datetime(
        string="Due On", required=True, readonly=True, index=True, help="When the event comes."
    )
    payload = JsonDocument(required=True, readonly=True)
    cause_uuid = fields.Char(string="Cause", required=True, readonly=True)
    correlation_id = fields.Char(required=True, readonly=True)
    number = fields.Integer(readonly=True, **NO_SUM)
    tries = fields.Integer(readonly=True, **NO_SUM)
    error = fields.Text(readonly=True)

    def init(self):
        super().init()
        ensure_tries(self.env.cr, TRIES)

    def _lock(self):
        """Lock the row; return whether it is free and still due."""
        self.env.cr.execute(
            "SELECT FROM event_process_timeout WHERE id = %s AND due <= now() AT TIME ZONE 'UTC'"
            " FOR NO KEY UPDATE SKIP LOCKED",
            [self.id],
        )
        self.invalidate_recordset(flush=False)
        return bool(self.env.cr.rowcount)

    def _note_try(self):
        """Note that it is to come; refuse one at which the process ends again and again."""
        if TRIES.note(self.env.registry, self.id, Position(), 1) > DEATHS:
            raise UserError(_("The process ended again and again while it worked on this event."))

    def _come(self):
        """Record the event of a timeout that is due."""
        self.ensure_one()
        instance = self.instance_id
        process = self.env[instance.subscription_id.consumer]
        company_id = instance.company_id.id
        store = self.env["event.store"].with_context(allowed_company_ids=[company_id])
        words = (process._name, company_id, self.cause_uuid, "timeout", self.number)
        begun = Operation(self.correlation_id, self.cause_uuid)
        limit_statements(self.env.cr, process._time_limit)
        with operation(self.env.cr, begun, instead=True), time_limit(process._time_limit):
            store.append(
                process._timeout_model_name,
                instance.key,
                self.event_type,
                self.payload,
                event_uuid=derived_uuid(store._operation_secret(), *words),
                company_id=company_id,
            )
        self.unlink()

    def _put_off(self, error):
        """Note why it could not come, and let it try again later and later."""
        self.ensure_one()
        minutes = min(2**self.tries, MOST_MINUTES)
        text, _traceback = told(self.env["event.store"], error)
        self.write(
            {
                "tries": self.tries + 1,
                # In the database's clock, which also says when it is due.
                "due": self.env.cr.now() + timedelta(minutes=minutes),
                "error": text,
            }
        )


class EventProcessRun(models.Model):
    _inherit = "event.subscription"

    @api.model
    def _other_due(self):
        return {
            **super()._other_due(),
            "_run_timeouts": SQL("EXISTS (%s)", self._timeouts_due()),
        }

    @api.model
    def _run_timeouts(self, deadline=None):
        """Let timeouts come that are due; return whether one came."""
        with statements_alone(self.env.registry) as cr:
            cr.execute(self._timeouts_due())
            due = [timeout_id for (timeout_id,) in cr.fetchall()]
        worked, end = False, min(time.monotonic() + TURN, deadline or math.inf)
        for timeout_id in due:
            if worked and time.monotonic() >= end:
                break
            worked = self._run_timeout(timeout_id) or worked
        return worked

    @api.model
    def _timeouts_due(self):
        """Return SQL for the ids of timeouts that are due, as a query."""
        return SQL(
            """
            SELECT timeout.id FROM event_process_timeout AS timeout
              JOIN event_process_instance AS instance ON instance.id = timeout.instance_id
              JOIN event_subscription AS sub ON sub.id = instance.subscription_id
             WHERE timeout.due <= now() AT TIME ZONE 'UTC'
               AND sub.state = 'running' AND sub.consumer = ANY(%s)
             ORDER BY timeout.due LIMIT %s
            """,
            list(self.env["event.consumer.registry"]._names()),
            BATCH,
        )

    @api.model
    def _run_timeout(self, timeout_id):
        """Let a timeout come, in a transaction of its own; return whether it came."""
        due = self.env["event.process.timeout"].browse(timeout_id)
        try:
            with in_own_transaction(due) as timeout:
                if not timeout._lock():
                    return False
                timeout._note_try()
                timeout._come()
            error, kinds = None, set()
        except Exception as problem:
            error, kinds = problem, set(db_error_kinds(problem))
        if "lost" in kinds:
            return False
        TRIES.forget(self.env.registry, timeout_id)
        if error is None or comes_again(error):
            return error is None
        _logger.warning("A timeout of a process could not come.", exc_info=error)
        with in_own_transaction(due) as timeout:
            if timeout.exists():
                timeout._put_off(error)
        return False
