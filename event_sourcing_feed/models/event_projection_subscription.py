import logging

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error

from ..own_transaction import statements_alone

_logger = logging.getLogger(__name__)

# Pages that a switch takes while appends wait; with more left it is tried again later.
LAST_PAGES = 10
# Milliseconds for which a worker waits for the appends under way.
SETTLE_PATIENCE = 1000
MODES = [("follows", "Follows"), ("inline", "Inside every append")]


class EventProjectionSubscription(models.Model):
    """How inline projections come into appends and out of them: nothing lost, nothing twice."""

    _inherit = "event.subscription"

    mode = fields.Selection(
        MODES,
        compute="_compute_mode",
        help="Follows: it takes events after they were recorded. Inside every append: it takes"
        " them in the same transaction.",
    )
    is_inline = fields.Boolean(compute="_compute_mode")
    is_held = fields.Boolean(string="Kept out of Appends", compute="_compute_mode")

    @api.depends("consumer")
    def _compute_mode(self):
        inline = self.env["event.consumer.registry"]._inline()
        modes = self.env["event.projection.mode"].sudo()
        found = modes.search([("projection", "in", self.mapped("consumer"))])
        rows = {mode.projection: mode for mode in found}
        for sub in self:
            row = rows.get(sub.consumer, modes)
            sub.mode = "inline" if row.live else "follows"
            sub.is_inline, sub.is_held = sub.consumer in inline, row.held

    @api.model
    def _sync(self):
        inline = self.env["event.consumer.registry"]._inline()
        modes = self.env["event.projection.mode"].sudo()
        for mode in modes.search([("live", "=", True), ("projection", "not in", list(inline))]):
            # Its class is gone, or follows by now. What it missed while no code ran it inside
            # appends cannot be known: change _projection_version together with _inline.
            self._let_follow(mode.projection)
        super()._sync()
        if inline:
            modes._insert_rows(inline)
        self._log_problems()

    @api.model
    def _log_problems(self):
        for name in self.env["event.consumer.registry"]._names():
            if self.env[name]._kind == "projection":
                for problem in self.env[name]._declaration_problems():
                    _logger.error("%s", problem)

    # ------------------------------------------------------------------
    # A live one is not polled
    # ------------------------------------------------------------------

    @api.model
    def _live_names(self):
        inline = self.env["event.consumer.registry"]._inline()
        return self.env["event.projection.mode"].sudo()._live(inline) if inline else set()

    @api.model
    def _polled(self):
        polled = super()._polled()
        inline = self.env["event.consumer.registry"]._inline()
        if not inline:
            return polled
        return SQL(
            "%s AND NOT EXISTS (SELECT FROM event_projection_mode AS mode WHERE mode.live"
            " AND mode.projection = sub.consumer AND mode.projection = ANY(%s))",
            polled,
            list(inline),
        )

    def _waiting_query(self, limit):
        if self.mode == "inline":  # its position stands still: appends give it its events
            return SQL("SELECT event.* FROM event_store AS event WHERE false")
        return super()._waiting_query(limit)

    @api.model
    def _has_taken(self, name, event_ids):
        if name not in self._live_names():
            return super()._has_taken(name, event_ids)
        self.env.cr.execute("SELECT count(*) FROM event_store WHERE id = ANY(%s)", [event_ids])
        return self.env.cr.fetchone()[0] == len(set(event_ids))

    # ------------------------------------------------------------------
    # Into appends, when it has caught up
    # ------------------------------------------------------------------

    @api.model
    def _other_due(self):
        due = super()._other_due()
        if self.env["event.consumer.registry"]._inline():
            due["_settle_inline"] = SQL("EXISTS (%s)", self._caught_up())
        return due

    @api.model
    def _caught_up(self):
        """Return SQL for the ids of inline projections that may come into appends, as a query."""
        return SQL(
            """
            SELECT sub.id FROM event_subscription AS sub
              JOIN event_projection_mode AS mode ON mode.projection = sub.consumer
             WHERE sub.consumer = ANY(%s) AND NOT mode.live AND NOT mode.held
               AND sub.state = 'running' AND sub.error_count = 0
               AND coalesce(sub.suspect_count, 0) = 0
               AND coalesce(sub.until, '') = ''
             ORDER BY sub.id
            """,
            list(self.env["event.consumer.registry"]._inline()),
        )

    @api.model
    def _settle_inline(self, _deadline=None):
        """Take inline projections that have caught up into appends; return whether one was."""
        with statements_alone(self.env.registry) as cr:
            cr.execute(self._caught_up())
            found = [subscription_id for (subscription_id,) in cr.fetchall()]
        switched = False
        for subscription_id in found:
            try:
                switched = self._go_live(subscription_id) or switched
            except Exception as error:
                # It follows, as before: what its events raise is noted there.
                level = logging.INFO if is_infrastructure_error(error) else logging.WARNING
                _logger.log(level, "%s goes on following: %s", subscription_id, error)
        return switched

    @api.model
    def _go_live(self, subscription_id):
        """Let appends run a projection from now on, after the last events that it follows.

        :return: whether they do
        """
        with self.env["event.projection.mode"]._in_read_committed() as env:
            # Other subscriptions wait meanwhile; after a long append there is another turn.
            env.cr.execute("SET LOCAL lock_timeout = %s", [SETTLE_PATIENCE])
            sub = env[self._name].browse(subscription_id)
            if not sub._lock():
                return False
            mode = env["event.projection.mode"]._lock_alone(sub.consumer)
            if not mode or mode.live or mode.held or not sub._catch_up():
                return False
            sub._touch()
            mode._switch(live=True)
            _logger.info("%s runs inside appends from now on.", sub.consumer)
        return True

    def _catch_up(self):
        """Take all that is committed by now; return whether that was not too much."""
        for _page in range(LAST_PAGES):
            begins = not self.until
            if not self._give_page([]) or (begins and not self.until):
                return True
        return False

    def _touch(self):
        """Change the row, so that whoever read it before finds a conflict."""
        self.flush_recordset()
        self.env.cr.execute(
            "UPDATE event_subscription SET seen = seen WHERE id = ANY(%s)", [self.ids]
        )

    # ------------------------------------------------------------------
    # Out of appends
    # ------------------------------------------------------------------

    @api.model
    def _let_follow(self, consumer, held=None, **vals):
        """Let a projection follow from now on.

        In a transaction of its own: what it is given next is what no append gave it.

        :param str consumer: its name
        :param held: whether it stays so, None for as before
        :param vals: further values for its row
        """
        with self.env["event.projection.mode"]._in_read_committed() as env:
            env.cr.execute(
                "SELECT id FROM event_subscription WHERE consumer = %s FOR NO KEY UPDATE",
                [consumer],
            )
            sub = env[self._name].browse([row[0] for row in env.cr.fetchall()])
            mode = env["event.projection.mode"]._lock_alone(consumer)
            if sub and mode.live:
                sub._move(env["event.store"]._feed_now())
            if sub and vals:
                sub.write(vals)
            sub._touch()
            mode._switch(live=False, held=mode.held if held is None else held)
        self.invalidate_model()

    def action_let_follow(self):
        """Take the projection out of appends, until a manager says otherwise."""
        for sub in self._managed().filtered("is_inline"):
            self._let_follow(sub.consumer, held=True)
        return True

    def action_run_inline(self):
        """Let the projection come into appends again, once it has caught up."""
        for sub in self._managed().filtered("is_held"):
            self._let_follow(sub.consumer, held=False)
        return True

    def action_pause(self):
        live = self._managed().filtered(lambda s: s.mode == "inline")
        for sub in live:
            self._let_follow(sub.consumer, state="paused", paused_because=False)
        return super(EventProjectionSubscription, self - live).action_pause()
