from contextlib import contextmanager

from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo import SUPERUSER_ID, api, fields, models, tools

# Milliseconds that a switch waits for the appends under way; then it is tried again later.
PATIENCE = 5000


class EventProjectionMode(models.Model):
    """Whether an inline projection runs inside appends by now, or still follows the feed.

    Appends lock its row FOR SHARE, whatever it says, and a switch FOR UPDATE, so that no append
    is under way while it changes. A transaction that began before a switch and appends after it
    ends in a serialization failure, which Odoo retries: every switch changes the row.
    """

    _name = "event.projection.mode"
    _inherit = "access.first.mixin"
    _description = "Mode of an Inline Projection"
    _rec_name = "projection"

    projection = fields.Char(string="Technical Name", required=True, readonly=True)
    live = fields.Boolean(string="Inside Every Append", readonly=True)
    held = fields.Boolean(
        string="Kept out of Appends",
        readonly=True,
        help="A manager let it follow; it does not go back by itself.",
    )
    switched_on = fields.Datetime(readonly=True)

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_projection_mode_uniq"
            " ON event_projection_mode (projection)"
        )

    @api.model
    def _insert_rows(self, names):
        """Give inline projections their rows; several processes load the registry at a time."""
        # Only those that are not there: ON CONFLICT alone fails at a row that changed meanwhile.
        self.env.cr.execute(
            """
            INSERT INTO event_projection_mode (projection, live, held)
            SELECT name, false, false FROM unnest(%s) AS name
             WHERE NOT EXISTS (SELECT FROM event_projection_mode WHERE projection = name)
                ON CONFLICT DO NOTHING
            """,
            [list(names)],
        )
        self.invalidate_model(flush=False)

    @api.model
    def _share(self, names):
        """Lock the rows of projections for an append; return the names of those that are live."""
        self.env.cr.execute(
            "SELECT projection, live FROM event_projection_mode WHERE projection = ANY(%s)"
            " ORDER BY projection FOR SHARE",
            [list(names)],
        )
        return [name for name, live in self.env.cr.fetchall() if live]

    @api.model
    def _live(self, names):
        """Return which of these projections run inside appends."""
        self.env.cr.execute(
            "SELECT projection FROM event_projection_mode WHERE live AND projection = ANY(%s)",
            [list(names)],
        )
        return {name for (name,) in self.env.cr.fetchall()}

    @api.model
    def _lock_alone(self, name):
        """Wait until no append with this projection is under way, and let none begin.

        In a READ COMMITTED transaction only: what is read afterwards is what these appends left.

        :return: the row
        """
        self.env.cr.execute(
            "SELECT id FROM event_projection_mode WHERE projection = %s FOR UPDATE", [name]
        )
        mode = self.browse([row[0] for row in self.env.cr.fetchall()])
        mode.invalidate_recordset(flush=False)
        return mode

    def _switch(self, **vals):
        """Change the row, in any case; see the class."""
        self.write({**vals, "switched_on": fields.Datetime.now()})
        self.flush_recordset()
        self.env.cr.execute(
            "UPDATE event_projection_mode SET live = live WHERE id = ANY(%s)", [self.ids]
        )

    @contextmanager
    def _in_read_committed(self):
        """Give an environment in a transaction of its own, for a switch; commit at its end."""
        with self.env.registry.cursor() as cr:
            cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
            cr.execute("SET LOCAL lock_timeout = %s", [PATIENCE])
            yield self.env(cr=cr, user=SUPERUSER_ID, su=True, context={})


class EventInlineProjections(models.AbstractModel):
    _inherit = "event.consumer.registry"

    @api.model
    @tools.ormcache()
    def _inline(self):
        """Return ``{name: aggregate types}`` of the inline projections that are declared well."""
        return {
            name: frozenset(self.env[name]._subscribes)
            for name in self._names()
            if self.env[name]._kind == "projection"
            and self.env[name]._inline
            and not self.env[name]._declaration_problems()
        }
