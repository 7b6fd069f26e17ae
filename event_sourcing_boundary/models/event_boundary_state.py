from typing import NamedTuple

from odoo import api, fields, models

from odoo.addons.event_sourcing.models.event_stream import BEGUN
from odoo.addons.event_sourcing_base.canonical_json import canonical, pretty, sort_keys
from odoo.addons.event_sourcing_base.fields import NO_SUM, JsonDocument, Many2oneNoForeignKey
from odoo.addons.event_sourcing_base.sql_functions import ensure_function

BEGIN = "event_boundary_begin"
SAVE = "event_boundary_save"
SHOWN = 200  # events of a key, on its form
KEYS = (
    "json_to_recordset(keys)"
    " AS wanted (company_id int, boundary varchar, key varchar, rules varchar)"
)


class BoundaryRow(NamedTuple):
    """What is stored about a key of a boundary, under a lock.

    :ivar int version: how many events its state holds, 0 for none
    :ivar closed: 1 while the boundary does not count yet, None where nobody has looked whether
        it does, else 0
    :ivar state: in normal form; None where there is none, or where it is of other rules
    :ivar bool stale: whether the events must be folded anew
    :ivar problem: why they cannot be, None where they need not or can
    """

    version: int
    closed: int | None = 0
    state: dict | None = None
    stale: bool = False
    problem: Exception | None = None


class EventBoundaryState(models.Model):
    """One row per key of a boundary: what its events say together. A cache, and a lock."""

    _name = "event.boundary.state"
    _inherit = ["access.first.mixin", "engine.written.mixin"]
    _description = "State of a Boundary"
    _rec_name = "key"
    _order = "boundary, key, id"
    _export_text_as_text = True

    boundary = fields.Char(string="Technical Name", required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")
    version = fields.Integer(
        string="Events",
        required=True,
        readonly=True,
        **NO_SUM,
        help="How many events its state holds.",
    )
    state = JsonDocument(readonly=True)
    state_json = fields.Text(string="State as Text", compute="_compute_state_json")
    rules = fields.Char(readonly=True, help="Digest of the rules by which the state was folded.")
    event_ids = fields.One2many(
        "event.boundary.event", compute="_compute_event_ids", string="Events of This Key"
    )

    @api.depends("state")
    def _compute_state_json(self):
        for row in self:
            row.state_json = pretty(row.state or {})

    @api.depends("version")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_event_ids(self):
        for row in self:
            row.event_ids = self.env["event.boundary.event"].search(
                row._domain_of_events(), limit=SHOWN
            )

    def _domain_of_events(self):
        names = [(name, "=", self[name]) for name in ("boundary", "key")]
        return [*names, ("company_id", "=", self.company_id.id)]

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_boundary_state_key_uniq"
            " ON event_boundary_state (company_id, boundary, key)"
        )
        self._ensure_functions()  # demo data append before the registry is complete

    def _register_hook(self):
        super()._register_hook()
        self._ensure_functions()

    @api.model
    def _ensure_functions(self):
        # An update of the row, and no mere lock: who waited with an older snapshot of the
        # database must not decide by it.
        ensure_function(
            self.env.cr,
            BEGIN,
            "keys json, uid int, moment timestamp, add int",
            BEGUN,
            f"""
            INSERT INTO event_boundary_state (
                company_id, boundary, key, version, create_uid, create_date, write_uid, write_date)
            SELECT wanted.company_id, wanted.boundary, wanted.key, 0, uid, moment, uid, moment
              FROM {KEYS}
                ON CONFLICT (company_id, boundary, key) DO UPDATE
               SET write_date = EXCLUDED.write_date;
            RETURN QUERY
            SELECT row.company_id, row.boundary, row.key, row.version,
                   CASE WHEN status.state = 'ready' THEN 0 WHEN status.id IS NOT NULL THEN 1 END,
                   NULL::int[],
                   CASE WHEN row.rules = wanted.rules THEN row.state END,
                   row.version > 0 AND row.rules IS DISTINCT FROM wanted.rules,
                   NULL::int[]
              FROM {KEYS}
              JOIN event_boundary_state AS row
                ON row.company_id = wanted.company_id AND row.boundary = wanted.boundary
               AND row.key = wanted.key
              LEFT JOIN event_boundary_status AS status ON status.boundary = row.boundary;
            RETURN QUERY
            SELECT NULL::int, NULL::varchar, NULL::varchar, NULL::int, NULL::int,
                   array_agg(nextval('event_store_id_seq')::int), NULL::jsonb, NULL::boolean,
                   NULL::int[]
              FROM generate_series(1, add)
            HAVING count(*) > 0;
            """,
        )
        ensure_function(
            self.env.cr,
            SAVE,
            "states json, events json",
            "void",
            """
            UPDATE event_boundary_state AS row
               SET version = new.version, state = new.state, rules = new.rules
              FROM json_to_recordset(states) AS new (company_id int, boundary varchar,
                   key varchar, version int, state jsonb, rules varchar)
             WHERE row.company_id = new.company_id AND row.boundary = new.boundary
               AND row.key = new.key;
            INSERT INTO event_boundary_event (
                company_id, boundary, key, version, event_id, details)
            SELECT * FROM json_to_recordset(events) AS new (company_id int, boundary varchar,
                   key varchar, version int, event_id int, details jsonb);
            """,
        )

    @api.model
    def _begin_call(self, places, rules, add):
        """Return the statement that locks keys and reads their rows, and its parameters.

        Its columns are those that ``event.stream._advance`` gives; ids are NULL. One more row
        holds nothing but the ids of new events: drawn under these locks, so that in every key
        they rise with what is decided.

        :param places: ``(company id, boundary, key)``; locked in their sorted order
        :param dict rules: ``{boundary: digest of its rules today}``
        :param int add: how many ids to draw
        """
        keys = [
            {"company_id": company_id, "boundary": name, "key": key, "rules": rules[name]}
            for company_id, name, key in sorted(places)
        ]
        params = [canonical(keys), self.env.uid, fields.Datetime.now(), add]
        return f'SELECT * FROM "{BEGIN}"(%s, %s, %s, %s)', params

    @api.model
    def _rows_of(self, found):
        """Return ``{(company id, boundary, key): BoundaryRow}`` of what the statement gave."""
        return {
            row[:3]: BoundaryRow(row[3], row[4], row[6] and sort_keys(row[6]), row[7])
            for row in found
        }

    @api.model
    def _save_statement(self, states, events):
        """Return the statement that writes states and lists their events, and its parameters.

        :param states: dicts of the columns
        :param events: dicts of the columns of ``event.boundary.event``
        """
        return f'SELECT "{SAVE}"(%s, %s)', [canonical(list(states)), canonical(list(events))]


class EventBoundaryEvent(models.Model):
    """Which events are about a key of a boundary, in the order in which they were decided."""

    _name = "event.boundary.event"
    _inherit = ["access.first.mixin", "engine.written.mixin"]
    _description = "Event of a Boundary"
    _order = "boundary, key, version desc, id desc"
    _rec_name = "key"
    _log_access = False

    boundary = fields.Char(required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    company_id = Many2oneNoForeignKey("res.company", required=True, readonly=True)
    version = fields.Integer(
        readonly=True,
        **NO_SUM,
        help="Its place among those of its key; empty until all are known.",
    )
    # It may be in an archive.
    event_id = Many2oneNoForeignKey(
        "event.store", string="Stored Event", required=True, readonly=True
    )
    details = JsonDocument(
        readonly=True, help="What the state of its record said of the key right after the event."
    )

    def init(self):
        super().init()
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS event_boundary_event_version_uniq
                ON event_boundary_event (company_id, boundary, key, version);
            CREATE INDEX IF NOT EXISTS event_boundary_event_event_index
                ON event_boundary_event (event_id);
            """
        )
