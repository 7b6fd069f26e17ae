from odoo import _, api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..bulk import STAMPS, insert_rows, load_states, stamps
from ..canonical_json import canonical, normalise
from ..fields import NO_SUM, JsonDocument


class SnapshotMixin(models.AbstractModel):
    """The latest folded state of one aggregate: a cache that can be rebuilt.

    Typed columns named like keys of the state fill themselves; a handler may
    override ``_columns`` for others. Rows are written by the fold alone.
    """

    _name = "snapshot.mixin"
    _description = "Snapshot of an Aggregate"
    _rec_name = "aggregate_id"
    # The columns that say which aggregate a row is about.
    _identity = ("aggregate_id", "model_name")
    _order = "aggregate_id desc"

    model_name = fields.Char(string="Aggregate Type", required=True, readonly=True)
    aggregate_id = fields.Char(required=True, readonly=True)
    version = fields.Integer(
        required=True, readonly=True, help="Version of the last event that was applied.", **NO_SUM
    )
    state = JsonDocument(required=True, readonly=True)
    state_json = fields.Text(
        string="State as Text",
        compute="_compute_state_json",
        search="_search_state_json",
        help="The state in JSON's canonical spelling, also where XML-RPC cannot carry it.",
    )
    last_event_type = fields.Char(readonly=True)
    last_event_date = fields.Datetime(string="Last Event On", readonly=True)
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, ondelete="restrict"
    )

    @api.depends("state")
    def _compute_state_json(self):
        for snapshot in self:
            snapshot.state_json = canonical(normalise(snapshot.state or {}))

    @api.model
    def _search_state_json(self, _operator, _value):
        # Without this, Odoo would quietly match every snapshot.
        raise UserError(_("Snapshots cannot be searched by their state; use their columns."))

    def init(self):
        super().init()
        if self._abstract or not self._auto:
            return
        self.env.cr.execute(
            SQL(
                "CREATE UNIQUE INDEX IF NOT EXISTS %s ON %s (%s)",
                SQL.identifier(f"{self._table}_aggregate_uniq"),
                SQL.identifier(self._table),
                SQL(", ").join(map(SQL.identifier, self._identity)),
            )
        )

    @api.model
    def _typed_columns(self):
        """Return the names of the stored fields that are filled from the state."""
        own = {*self.env["snapshot.mixin"]._fields, "id", *STAMPS}
        return [
            name
            for name, field in self._fields.items()
            if field.store and field.column_type and not field.compute and name not in own
        ]

    @api.model
    def _load(self, model_name, aggregate_ids):
        """Return ``{aggregate_id: state}`` of the snapshots there are, in one query."""
        self.env.cr.execute(load_states(self._table), [model_name, list(aggregate_ids)])
        return dict(self.env.cr.fetchall())

    @api.model
    def _upsert(self, vals_list):
        """Write complete rows, one per aggregate, in one statement.

        :param list vals_list: dicts with the same stored columns each
        """
        if not vals_list:
            return
        stamped = stamps(self.env, fields.Datetime.now())
        names = (*vals_list[0], *stamped)
        rows = [self._as_row({**vals, **stamped}, names) for vals in vals_list]
        code, params = self._upsert_code(names)
        self.env.cr.execute(code, [*map(list, zip(*rows, strict=True)), *params])
        self.invalidate_model(flush=False)

    @api.model
    @tools.ormcache("names")
    def _upsert_code(self, names):
        """Return the statement of :meth:`_upsert`, and its parameters after the columns."""
        kept = {"create_uid", "create_date", *self._identity}
        changes = SQL(
            "ON CONFLICT (%s) DO UPDATE SET %s",
            SQL(", ").join(map(SQL.identifier, self._identity)),
            SQL(", ").join(
                SQL("%s = %s", SQL.identifier(name), self._new_value(name, "excluded"))
                for name in names
                if name not in kept
            ),
        )
        types = [(name, self._fields[name].column_type[0]) for name in names]
        return f"{insert_rows(self._table, types)} {changes.code}", tuple(changes.params)

    @api.model
    def _as_row(self, vals, names):
        return tuple(
            self._fields[name].convert_to_column(vals[name], self, vals)
            if name not in STAMPS
            else vals[name]
            for name in names
        )

    def copy(self, default=None):
        raise UserError(
            _(
                "A snapshot belongs to one aggregate and cannot be duplicated;"
                " record events instead."
            )
        )
