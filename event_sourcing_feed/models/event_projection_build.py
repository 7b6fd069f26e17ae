import logging
from contextlib import contextmanager

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.fields import NO_SUM, Many2oneNoForeignKey

from .. import shadow_tables
from ..own_transaction import statements_alone
from ..tries import Tries, ensure_tries
from .event_subscription import EventSubscription

_logger = logging.getLogger(__name__)

STATES = [
    ("building", "Being built"),
    ("ready", "Ready to switch"),
    ("failed", "Stopped by an error"),
    ("switched", "Switched"),
    ("kept", "Taken back"),
    ("discarded", "Discarded"),
]
TRIES = Tries("event_projection_build_try", "build_id", "event_projection_build")
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
    suspect_count = fields.Integer(string="Events in Doubt", readonly=True, **NO_SUM)

    _position = EventSubscription._position
    _move = EventSubscription._move

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_projection_build_open"
            " ON event_projection_build (subscription_id)"
            " WHERE state IN ('building', 'ready', 'failed')"
        )
        ensure_tries(self.env.cr, TRIES)

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
        build._clear_alert()
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
            build = self.create(
                {
                    "subscription_id": subscription.id,
                    "version": self.env[subscription.consumer]._projection_version,
                    "former_version": subscription.version,
                    "state": "failed",
                    "last_error": str(error),
                }
            )
            build._raise_alert()

    def _discard(self):
        """Drop the tables that are kept beside."""
        for build in self:
            if build.tables:
                shadow_tables.drop(self.env.cr, build._schema())
            build.state = "discarded"
            build._clear_alert()
        self.flush_recordset()

    # ------------------------------------------------------------------
    # Who is told
    # ------------------------------------------------------------------

    def _raise_alert(self):
        """Tell managers that the read model goes on as it was, and the build does not."""
        number = self.id
        self.env["event.alert"]._raise_alert(
            self._alert_key(),
            self._name,
            number,
            lambda env: env["event.projection.build"].sudo().browse(number)._failed_sentence(),
        )

    def _clear_alert(self):
        self.env["event.alert"]._clear_alert(self._alert_key())

    def _alert_key(self):
        return f"build:{self.subscription_id.id}"

    def _failed_sentence(self):
        return _(
            "%(build)s could not be built; the read model is as it was. Look at the error under"
            " Builds of Read Models.",
            build=self.label,
        )
