import logging

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_base.fields import NO_SUM, Many2oneNoForeignKey

from ..position import Position
from ..tries import Tries, ensure_tries

_logger = logging.getLogger(__name__)

STATES = [
    ("running", "Running"),
    ("paused", "Paused"),
    ("stopped", "Stopped by an error"),
    ("gone", "Not installed"),
]
MANAGER = "event_sourcing.event_store_group_manager"
# Whose rows follow from which consumers are installed.
OF_CODE = ("projection", "reaction")
POSITION = ("seen", "until", "after", "floor", "ceiling", "cluster")
TRIES = Tries("event_subscription_try", "subscription_id", "event_subscription")
# The values of a row of which the error is over.
NO_ERROR = {
    "error_count": 0,
    "next_try": False,
    "last_error": False,
    "last_traceback": False,
    "failed_event_id": False,
}
# Of a subscription, which is then given whole pages again.
RECOVERED = {**NO_ERROR, "suspect_count": 0}


class EventSubscription(models.Model):
    """How far a consumer has come, and how it is doing: one row per consumer.

    The row changes in the transaction of the effects: after a crash both are there, or neither.
    """

    _name = "event.subscription"
    _inherit = "of.all.companies.mixin"
    _description = "Subscription to the Feed"
    _order = "kind, consumer"
    _rec_name = "label"
    _of_all_companies = ("last_event_id", "failed_event_id", "last_error", "last_traceback")

    consumer = fields.Char(
        string="Technical Name",
        required=True,
        readonly=True,
        help="The model that is given events.",
    )
    label = fields.Char(string="Name", compute="_compute_label")
    kind = fields.Selection(
        [("projection", "Read model"), ("reaction", "Reaction")], required=True, readonly=True
    )
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        default="running",
        help="Running: it follows the feed. Paused: a manager stopped it. Stopped by an error: it"
        " failed again and again and needs somebody. Not installed: its addon is gone.",
    )
    seen = fields.Text(required=True, readonly=True)
    until = fields.Text(readonly=True)
    after = fields.Integer(readonly=True, **NO_SUM)
    floor = fields.Integer(readonly=True, **NO_SUM)
    ceiling = fields.Integer(readonly=True, **NO_SUM)
    cluster = fields.Char(readonly=True)
    consumed_count = fields.Integer(string="Events Taken", readonly=True, **NO_SUM)
    # Without foreign keys: events of a long past go into archives.
    last_event_id = Many2oneNoForeignKey("event.store", readonly=True)
    last_consumed_on = fields.Datetime(string="Last Taken On", readonly=True)
    rate = fields.Float(
        string="Events per Second",
        readonly=True,
        **NO_SUM,
        help="How fast it took the last events that came in larger numbers.",
    )
    error_count = fields.Integer(string="Errors in a Row", readonly=True, **NO_SUM)
    next_try = fields.Datetime(string="Tries Again On", readonly=True)
    last_error = fields.Text(readonly=True)
    last_traceback = fields.Text(string="Traceback", readonly=True)
    failed_event_id = Many2oneNoForeignKey(
        "event.store",
        string="Event with the Error",
        readonly=True,
        help="The event at which it stopped, once it was given alone.",
    )
    suspect_count = fields.Integer(
        string="Events in Doubt",
        readonly=True,
        **NO_SUM,
        help="Among so many of the next events is one with an error: it is given half of them.",
    )
    paused_because = fields.Selection(
        [("gone", "It was not installed for a while")],
        string="Why It Is Paused",
        readonly=True,
    )

    def init(self):
        super().init()
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS event_subscription_consumer_uniq
                ON event_subscription (consumer)
            """
        )
        ensure_tries(self.env.cr, TRIES)

    def _register_hook(self):
        super()._register_hook()
        try:
            with self.env.cr.savepoint():
                self._sync()
        except psycopg2.errors.SerializationFailure:
            _logger.info("Another process has just noted which consumers there are.")

    @api.model
    def _sync(self):
        """Give every consumer that is installed its row, and note which are gone."""
        names = self.env["event.consumer.registry"]._names()
        rows = self.sudo().search([("kind", "in", OF_CODE)], limit=None)
        known = {sub.consumer: sub for sub in rows}
        for name in names:
            consumer = self.env[name]
            if name not in known:
                store = self.env["event.store"]
                first = consumer._begins_at_first or consumer._begins_on
                position = store._feed_start() if first else store._feed_now()
                self._insert_row(consumer, position)
            elif known[name].state == "gone":
                known[name]._come_back()
        gone = self.browse().union(
            *(s for name, s in known.items() if name not in names and s.state != "gone")
        )
        if gone:
            _logger.warning("Consumers of the feed are gone: %s.", gone.mapped("consumer"))
            gone.write({"state": "gone"})

    def _come_back(self):
        """Pause one that is installed again: what it missed may be much, and old."""
        self.write({"state": "paused", "paused_because": "gone"})

    @api.model
    def _insert_row(self, consumer, position):
        # Several processes load the registry at the same time.
        self.env.cr.execute(
            SQL(
                "INSERT INTO event_subscription (consumer, kind, state, seen, after, floor,"
                " ceiling, cluster, consumed_count, error_count, create_uid, create_date)"
                " VALUES (%s, %s, 'running', %s, 0, 0, 0, %s, 0, 0, %s,"
                " now() AT TIME ZONE 'UTC') ON CONFLICT DO NOTHING",
                consumer._name,
                consumer._kind,
                position.seen,
                position.cluster,
                self.env.uid,
            )
        )
        self.invalidate_model(flush=False)

    @api.depends("consumer")
    @api.depends_context("lang")
    def _compute_label(self):
        for sub in self:
            model = self.env["ir.model"].sudo()._get(sub.consumer) if sub.consumer else None
            sub.label = (model and model.name) or sub.consumer

    # ------------------------------------------------------------------
    # Positions
    # ------------------------------------------------------------------

    def _position(self):
        """Return where the consumer stands, as a ``Position``."""
        self.ensure_one()
        return Position(
            **{name: self[name] or Position.__dataclass_fields__[name].default for name in POSITION}
        )

    def _move(self, position):
        """Note where the consumer stands now."""
        self.ensure_one()
        self.write({name: getattr(position, name) for name in POSITION})

    @api.model
    def wait_for(self, name, event_ids, timeout=10):
        """Wait until a consumer has taken events, for who must read what was just written.

        :param str name: of the consumer, such as ``equipment.utilisation.projection``
        :param list event_ids: ids of ``event.store``, whose transactions are committed
        :param timeout: seconds, at most 30
        :return: whether it has taken them all by now
        :raise UserError: for an unknown consumer
        """
        check_access(self.env["event.store"].browse(), "read")
        return self._wait_for(name, event_ids, timeout)

    # ------------------------------------------------------------------
    # What managers do
    # ------------------------------------------------------------------

    def write(self, vals):
        stopped = self.filtered(lambda s: s.state == "stopped")
        done = super().write(vals)
        # Somebody has decided; the next time managers are told again.
        for sub in stopped.filtered(lambda s: s.state != "stopped"):
            self.env["event.alert"]._clear_alert(sub._stop_alert_key())
        return done

    def _stop_alert_key(self):
        """Return the key of the alert that says that it was stopped; a hook."""
        self.ensure_one()
        return f"subscription:{self.consumer}"

    def action_pause(self):
        """Stop giving it events; none is lost."""
        self._managed().filtered(lambda s: s.state in ("running", "stopped")).write(
            {"state": "paused", "paused_because": False}
        )
        return True

    def action_resume(self):
        """Go on where it stands."""
        self._managed().filtered(lambda s: s.state in ("paused", "stopped")).write(
            {**RECOVERED, "state": "running", "paused_because": False}
        )
        self._forget_tries()
        return True

    def _managed(self):
        """Return the rows with full rights, for a manager."""
        if not self.env.user.has_group(MANAGER):
            raise UserError(_("Only managers of the event store may do this."))
        return self.sudo()

    def _forget_tries(self):
        self.env.cr.execute(
            "DELETE FROM event_subscription_try WHERE subscription_id = ANY(%s)", [self.ids]
        )
