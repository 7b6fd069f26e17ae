import logging
import math
import time
from contextlib import contextmanager
from datetime import timedelta

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error
from odoo.addons.event_sourcing_base.fields import NO_SUM, Many2oneNoForeignKey

from .. import shadow_tables
from ..own_transaction import in_own_transaction, statements_alone
from .event_subscription import NO_ERROR, EventSubscription
from .event_subscription_run import RETRIES, told

_logger = logging.getLogger(__name__)

STATES = [
    ("building", "Being built"),
    ("ready", "Ready to switch"),
    ("failed", "Stopped by an error"),
    ("switched", "Switched"),
    ("kept", "Taken back"),
    ("discarded", "Discarded"),
]
# Seconds that a build may take at a time, before others have their turn.
TURN = 1
# Of those only one at a time.
OPEN = ("building", "ready", "failed")


class EventProjectionBuild(models.Model):
    """A read model that is made anew beside the one in use, from the first event.

    Its tables stand in a schema of their own, under the same names. Once it has caught up it
    follows, until a manager switches; from then on the former tables stand there. Meanwhile the
    read model in use goes on, with today's code.
    """

    _name = "event.projection.build"
    _inherit = "of.all.companies.mixin"
    _description = "Build of a Read Model"
    _order = "id desc"
    _rec_name = "label"
    _of_all_companies = ("failed_event_id", "last_error", "last_traceback")

    subscription_id = fields.Many2one(
        "event.subscription",
        string="Read Model",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    label = fields.Char(string="Name", compute="_compute_label")
    version = fields.Integer(readonly=True, **NO_SUM)
    former_version = fields.Integer(readonly=True, **NO_SUM)
    tables = fields.Char(readonly=True)
    state = fields.Selection(
        STATES,
        required=True,
        readonly=True,
        default="building",
        help="Being built: it is made of all events, from the first one. Ready to switch: it has"
        " caught up, and follows. Switched: it is in use, and the former tables are kept. Taken"
        " back: the former tables are in use again, and it is kept.",
    )
    seen = fields.Text(readonly=True)
    until = fields.Text(readonly=True)
    after = fields.Integer(readonly=True, **NO_SUM)
    floor = fields.Integer(readonly=True, **NO_SUM)
    ceiling = fields.Integer(readonly=True, **NO_SUM)
    cluster = fields.Char(readonly=True)
    consumed_count = fields.Integer(string="Events Taken", readonly=True, **NO_SUM)
    progress = fields.Float(string="Progress (%)", readonly=True, **NO_SUM)
    switched_on = fields.Datetime(readonly=True)
    error_count = fields.Integer(string="Errors in a Row", readonly=True, **NO_SUM)
    next_try = fields.Datetime(string="Tries Again On", readonly=True)
    last_error = fields.Text(readonly=True)
    last_traceback = fields.Text(string="Traceback", readonly=True)
    # Without a foreign key: events of a long past go into archives.
    failed_event_id = Many2oneNoForeignKey(
        "event.store", string="Event with the Error", readonly=True
    )

    _position = EventSubscription._position
    _move = EventSubscription._move

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_projection_build_open"
            " ON event_projection_build (subscription_id)"
            " WHERE state IN ('building', 'ready', 'failed')"
        )

    @api.depends("subscription_id", "version")
    @api.depends_context("lang")
    def _compute_label(self):
        for build in self:
            build.label = f"{build.subscription_id.label} {build.version}"

    def _schema(self):
        self.ensure_one()
        return f"event_projection_{self.id}"

    def _tables(self):
        return self.tables.split(",") if self.tables else []

    @contextmanager
    def _inside(self):
        """Let the ORM read and write the tables beside, for a while."""
        self.env.flush_all()
        self.env.invalidate_all()
        with shadow_tables.first(self.env.cr, self._schema()):
            yield
            self.env.flush_all()
        self.env.invalidate_all()

    # ------------------------------------------------------------------
    # Beginning
    # ------------------------------------------------------------------

    @api.model
    def _begin(self, subscription):
        """Begin to make a read model anew.

        :raise UserError: where that cannot be done
        :return: the build
        """
        projection = self.env[subscription.consumer]
        if self.search([("subscription_id", "=", subscription.id), ("state", "in", OPEN)]):
            raise UserError(
                _("%(projection)s is being built already.", projection=subscription.label)
            )
        for problem in projection._declaration_problems():
            raise UserError(problem)
        tables = sorted({self.env[name]._table for name in projection._read_models})
        if not tables:
            raise UserError(
                _(
                    "%(projection)s does not say which tables it writes; name their models in"
                    " _read_models.",
                    projection=subscription.consumer,
                )
            )
        self._check_not_referred_to(subscription, tables)
        build = self.create(
            {
                "subscription_id": subscription.id,
                "version": projection._projection_version,
                "former_version": subscription.version,
                "tables": ",".join(tables),
            }
        )
        build._move(self.env["event.store"]._feed_start())
        self.env.flush_all()
        shadow_tables.create(self.env.cr, build._schema(), tables)
        return build

    @api.model
    def _check_not_referred_to(self, subscription, tables):
        if others := shadow_tables.referring(self.env.cr, tables):
            raise UserError(
                _(
                    "%(projection)s cannot be made anew beside itself, because these tables and"
                    " views refer to its tables: %(others)s.",
                    projection=subscription.label,
                    others=", ".join(others),
                )
            )

    @api.model
    def _begin_due(self):
        """Begin where the code has another version than the read model; in own transactions."""
        with statements_alone(self.env.registry) as cr:
            cr.execute(self._other_versions())
            due = [subscription_id for (subscription_id,) in cr.fetchall()]
        began = False
        for subscription_id in due:
            try:
                with self.env["event.projection.mode"]._in_read_committed() as env:
                    sub = env["event.subscription"].browse(subscription_id)
                    env[self._name]._begin_or_say(sub)
                began = True
            except psycopg2.Error as error:
                _logger.info("A build of %s begins later: %s", subscription_id, error)
        return began

    @api.model
    def _other_versions(self):
        """Return SQL for the ids of subscriptions that wait for a build of today's version."""
        consumers = [self.env[name] for name in self.env["event.consumer.registry"]._names()]
        projections = [consumer for consumer in consumers if consumer._kind == "projection"]
        return SQL(
            """
            SELECT sub.id FROM event_subscription AS sub
              JOIN unnest(%s::text[], %s::int[]) AS code (consumer, version)
                ON code.consumer = sub.consumer
             WHERE sub.kind = 'projection' AND sub.version > 0 AND sub.version <> code.version
               AND NOT EXISTS (SELECT FROM event_projection_build AS build
                                WHERE build.subscription_id = sub.id
                                  AND build.version = code.version)
             ORDER BY sub.id
            """,
            [projection._name for projection in projections],
            [projection._projection_version for projection in projections],
        )

    @api.model
    def _begin_or_say(self, subscription):
        """Begin a build of today's version; note on the screen why there can be none."""
        # What is under way is of a version that nobody asks for any more.
        self.search([("subscription_id", "=", subscription.id), ("state", "in", OPEN)])._discard()
        try:
            self._begin(subscription)
        except UserError as error:
            self.create(
                {
                    "subscription_id": subscription.id,
                    "version": self.env[subscription.consumer]._projection_version,
                    "former_version": subscription.version,
                    "state": "failed",
                    "last_error": str(error),
                }
            )

    # ------------------------------------------------------------------
    # Folding
    # ------------------------------------------------------------------

    @api.model
    def _to_run(self):
        """Return SQL for the ids of builds that are under way, as a query."""
        return SQL(
            """
            SELECT build.id FROM event_projection_build AS build
              JOIN event_subscription AS sub ON sub.id = build.subscription_id
             WHERE build.state IN ('building', 'ready') AND sub.consumer = ANY(%s)
               AND (build.next_try IS NULL OR build.next_try <= now() AT TIME ZONE 'UTC')
             ORDER BY build.id
            """,
            list(self.env["event.consumer.registry"]._names()),
        )

    @api.model
    def _run_builds(self, deadline=None):
        """Give every build that is under way one page; return whether one moved."""
        with statements_alone(self.env.registry) as cr:
            cr.execute(self._to_run())
            found = [build_id for (build_id,) in cr.fetchall()]
        moved = [self._run_for_a_while(build_id, deadline) for build_id in found]
        return any(moved)

    @api.model
    def _run_for_a_while(self, build_id, deadline):
        """Give a build pages for a second; return whether one moved."""
        end = min(time.monotonic() + TURN, deadline or math.inf)
        moved = 0
        while self._run_page(build_id):
            moved += 1
            if time.monotonic() >= end:
                break
        return bool(moved)

    @api.model
    def _run_page(self, build_id):
        """Give one page of events to a build, in a transaction of its own.

        :return: whether its position moved
        """
        events = []
        try:
            with in_own_transaction(self.browse(build_id)) as own:
                return own._lock() and own._give_page(events)
        except Exception as problem:
            if is_infrastructure_error(problem):
                _logger.info("Build %s tries again: %s", build_id, problem)
                return False
            error = problem
        with in_own_transaction(self.browse(build_id)) as own:
            own._note_error(error, events)
        return False

    def _lock(self):
        self.env.cr.execute(
            "SELECT FROM event_projection_build WHERE id = %s AND state IN ('building', 'ready')"
            " FOR NO KEY UPDATE SKIP LOCKED",
            [self.id],
        )
        self.invalidate_recordset(flush=False)
        return bool(self.env.cr.rowcount)

    def _give_page(self, given):
        """Fold the next events into the tables beside.

        :param list given: takes the events, for whoever has to say what went wrong
        :return: whether there were any
        """
        projection = self.env[self.subscription_id.consumer]
        store, before = self.env["event.store"], self._position()
        events, position = store._read_feed_page(
            before, projection._feed_filter(), projection._page_size
        )
        if position == before:
            if self.state == "building":
                self.write({"state": "ready", "progress": 100})
            return False
        given += events
        taken = len(events)
        if events:
            with self._inside(), projection._limited():
                if self.error_count:
                    taken = self._give_singly(projection, given)
                else:
                    projection._consume(self.subscription_id, events)
        if taken < len(events):
            # The good ones stay; the next page begins with the one that fails.
            position = store._feed_ids(before, 1)[1].advance(events[taken - 1].id)
            self._move(position)
            return True
        self._move(position)
        self.write(self._progress(events, position))
        return True

    def _give_singly(self, projection, given):
        """Fold events one by one, up to the one that fails.

        One that a manager let the read model in use skip is passed over where it fails.

        :param list given: the events; only the first one is left of them where that fails
        :return: how many went well
        :raise Exception: what the first one raises
        """
        for number, event in enumerate(given):
            try:
                with self.env.cr.savepoint():
                    projection._consume(self.subscription_id, [event])
            except Exception as error:
                if is_infrastructure_error(error):
                    raise
                if self._is_skipped(event):
                    continue
                if number == 0:
                    del given[1:]
                    raise
                return number
        return len(given)

    def _is_skipped(self, event):
        """Whether a manager let the read model in use do without an event."""
        skips = self.env["event.projection.skip"]
        return bool(
            skips.search(
                [
                    ("subscription_id", "=", self.subscription_id.id),
                    ("event_id", "=", event.id),
                ],
                limit=1,
            )
        )

    def _progress(self, events, position):
        vals = {**NO_ERROR, "consumed_count": self.consumed_count + len(events)}
        if not position.until:
            return {**vals, "state": "ready", "progress": 100}
        self.env.cr.execute("SELECT coalesce(max(id), 1) FROM event_store")
        return {**vals, "progress": min(99, 100 * position.after / self.env.cr.fetchone()[0])}

    def _note_error(self, error, events):
        _logger.warning("The build %s failed.", self.label, exc_info=error)
        count = self.error_count + 1
        text, lines = told(self.env["event.store"], error)
        vals = {
            "error_count": count,
            "last_error": text,
            "last_traceback": lines,
            "failed_event_id": events[0].id if len(events) == 1 else False,
        }
        if count > len(RETRIES):
            vals.update(state="failed", next_try=False)
        else:
            # In the database's clock, which also says when it is due.
            vals["next_try"] = self.env.cr.now() + timedelta(seconds=RETRIES[count - 1])
        self.write(vals)

    def _discard(self):
        """Drop the tables that are kept beside."""
        for build in self:
            if build.tables:
                shadow_tables.drop(self.env.cr, build._schema())
            build.state = "discarded"
        self.flush_recordset()
