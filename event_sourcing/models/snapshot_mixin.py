import re

from odoo import _, api, fields, models, tools
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.canonical_json import (
    canonical,
    cells,
    in_one_text,
    normalise,
    xml_escaped,
)
from odoo.addons.event_sourcing_base.column_values import NoValue, parser_of
from odoo.addons.event_sourcing_base.fields import NO_SUM, JsonDocument
from odoo.addons.event_sourcing_base.json_rows import LOG_COLUMNS, listed, record_of
from odoo.addons.event_sourcing_base.sql_functions import ensure_function

# Values that a column takes as they are, by the type of the field.
PLAIN = {"integer": int, "char": str, "text": str, "boolean": bool, "json": dict}


class SnapshotMixin(models.AbstractModel):
    """The latest folded state of one aggregate: a cache that can be rebuilt.

    Typed columns named like keys of the state fill themselves; a handler may
    override ``_columns`` for others. Rows are written by the fold alone.
    """

    _name = "snapshot.mixin"
    _inherit = "aggregate.label.mixin"
    _description = "Snapshot of a Record"
    _rec_name = "aggregate_id"
    _export_text_as_text = True
    _history_rank = 2
    # The columns that say which stream a row is about.
    _identity = ("aggregate_id", "model_name", "company_id")
    _order = "aggregate_id desc"

    model_name = fields.Char(string="Technical Record Type", required=True, readonly=True)
    aggregate_id = fields.Char(string="Record", required=True, readonly=True)
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
    rules = fields.Char(
        readonly=True,
        help="Digest of the rules by which the state was folded. An append takes a state of other"
        " rules for none, and folds the events anew.",
    )
    last_event_type = fields.Char(readonly=True)
    last_event_label = fields.Char(
        string="Last Event",
        compute="_compute_last_event_label",
        search="_search_last_event_label",
        help="What people call the event that was applied last.",
    )
    last_event_date = fields.Datetime(string="Last Event On", readonly=True)
    # No index: on a table without statistics PostgreSQL takes it for as good as the one of
    # the stream, and reads all rows of the company for each.
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")

    @api.depends("state")
    def _compute_state_json(self):
        for snapshot in self:
            snapshot.state_json = xml_escaped(canonical(normalise(snapshot.state or {})))

    @api.model
    def _search_state_json(self, _operator, _value):
        # Without this, Odoo would quietly match every snapshot.
        raise UserError(_("Snapshots cannot be searched by their state; use their columns."))

    @api.depends("last_event_type", "model_name")
    @api.depends_context("lang")
    def _compute_last_event_label(self):
        registry = self.env["snapshot.handler.registry"]
        for snapshot in self:
            label = registry._event_label(snapshot.model_name, snapshot.last_event_type)
            snapshot.last_event_label = label

    @api.model
    def _search_last_event_label(self, _operator, _value):
        # Without this, Odoo would quietly match every snapshot.
        raise UserError(_("Search snapshots by the technical name of their last event."))

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
        self._ensure_save()

    def _register_hook(self):
        super()._register_hook()
        self._ensure_save()  # when another addon took its fields away

    @api.model
    @tools.ormcache()
    def _typed_columns(self):
        """Return the names of the stored fields that are filled from the state."""
        own = {*self.env["snapshot.mixin"]._fields, "id", *LOG_COLUMNS}
        return [
            name
            for name, field in self._fields.items()
            if field.store and field.column_type and not field.compute and name not in own
        ]

    @api.model
    def _read_states(self, model_name, keys):
        """Return ``{key: state}`` of the snapshots there are, in one query.

        :param keys: of streams, ``(company id, aggregate id)``
        """
        self.env.cr.execute(
            SQL(
                "SELECT stored.company_id, stored.aggregate_id, stored.state FROM %s"
                " WHERE stored.model_name = %s",
                self._of_keys(keys),
                model_name,
            )
        )
        return {row[:2]: row[2] for row in self.env.cr.fetchall()}

    @api.model
    def _load_trusted(self, model_name, keys, rules):
        """Return which stored states a fold may go on from, and which streams it must refold.

        A state is trusted if it is of the stream's last applied event, and of these rules.

        :param keys: of streams, ``(company id, aggregate id)``
        :param str rules: digest of the handler's rules of today
        :return: ``({key: state}, [key])``
        """
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        self.env.cr.execute(
            SQL(
                """
                SELECT wanted.company_id, wanted.aggregate_id, stored.state,
                       coalesce(stored.version, 0)
                           = coalesce(head.version - coalesce(head.unapplied, 0), 0)
                       AND (stored.id IS NULL OR stored.rules IS NOT DISTINCT FROM %s)
                  FROM unnest(%s::int[], %s::text[]) AS wanted (company_id, aggregate_id)
                  LEFT JOIN event_stream AS head
                    ON head.company_id = wanted.company_id AND head.model_name = ANY(%s)
                   AND head.aggregate_id = wanted.aggregate_id
                  LEFT JOIN %s AS stored
                    ON stored.company_id = wanted.company_id AND stored.model_name = %s
                   AND stored.aggregate_id = wanted.aggregate_id
                """,
                rules,
                [key[0] for key in keys],
                [key[1] for key in keys],
                names,
                SQL.identifier(self._table),
                model_name,
            )
        )
        known, stale = {}, []
        for company_id, aggregate_id, state, trusted in self.env.cr.fetchall():
            if not trusted:
                stale.append((company_id, aggregate_id))
            elif state is not None:
                known[company_id, aggregate_id] = state
        return known, stale

    @api.model
    def _of_keys(self, keys):
        """Return the SQL of the rows of these streams, as ``stored``."""
        return SQL(
            "unnest(%s::int[], %s::text[]) AS wanted (company_id, aggregate_id)"
            " JOIN %s AS stored USING (company_id, aggregate_id)",
            [key[0] for key in keys],
            [key[1] for key in keys],
            SQL.identifier(self._table),
        )

    # ------------------------------------------------------------------
    # Writing
    # ------------------------------------------------------------------

    @api.model
    def _upsert(self, vals_list, texts=None):
        """Write complete rows, one per aggregate, in one statement.

        :param list vals_list: dicts with the same stored columns each
        :param list texts: the same as :meth:`_row_texts` gives them, where they are at hand
        """
        if vals_list:
            self.env.cr.execute(*self._upsert_code(vals_list, texts))
            self.invalidate_model(flush=False)

    @api.model
    def _upsert_code(self, vals_list, texts=None):
        """Return the statement of :meth:`_upsert`, and its parameters."""
        names = tuple(vals_list[0])
        params = {
            "rows": in_one_text(texts or self._row_texts(vals_list)),
            "uid": self.env.uid,
            "moment": fields.Datetime.now(),
        }
        statement, order = self._upsert_statement(names)
        return statement, [params[name] for name in order]

    @api.model
    @tools.ormcache("names")
    def _upsert_statement(self, names):
        """Return the call of the database's function, or an INSERT where rows are not complete.

        :return: the statement, and the names of its parameters in their order
        """
        order = ("rows", "uid", "moment")
        if set(names) == set(self._complete_names()):
            return f'SELECT "{self._table}_save"(%s, %s, %s)', order
        places = {name: f"%({name})s" for name in order}
        text = self._upsert_text(names, **places)
        order = re.findall(r"%\((\w+)\)s", text)
        return re.sub(r"%\(\w+\)s", "%s", text), order

    @api.model
    def _row_texts(self, vals_list, strict=False):
        """Return each row as a JSON text, its values as the columns take them.

        :param bool strict: whether a value that is none of its column is refused; else the
            column stays empty, and the state keeps it
        :raise NoValue: for such a value
        """
        empty, plain, converters = self._cells(tuple(vals_list[0]))
        parsers = dict(self._parsers())
        texts = []
        for vals in vals_list:
            row = dict(empty)
            for name, value in vals.items():
                if value is None:
                    continue
                parse = parsers.get(name)
                if parse is not None:
                    if value != "":
                        try:
                            row[name] = parse(value)
                        except NoValue:
                            if strict:
                                raise
                elif type(value) is plain[name]:
                    row[name] = value
                else:
                    row[name] = converters[name](value, self, vals)
            texts.append(cells(row))
        return texts

    @api.model
    @tools.ormcache()
    def _parsers(self):
        """Return ``(name, parser)`` of the typed columns; see ``column_values``."""
        parsers = [(n, parser_of(self._fields[n], self.env)) for n in self._typed_columns()]
        return tuple((name, parser) for name, parser in parsers if parser)

    @api.model
    @tools.ormcache("names")
    def _cells(self, names):
        """Return, each by column, what stands for no value where that is not NULL, the type that
        goes in as it is, and what prepares a value of another type."""
        columns = {name: self._fields[name] for name in names}
        empty = {name: f.convert_to_column(None, self, {}) for name, f in columns.items()}
        empty = {name: value for name, value in empty.items() if value is not None}
        plain = {
            name: None if getattr(field, "size", None) else PLAIN.get(field.type)
            for name, field in columns.items()
        }
        return empty, plain, {name: field.convert_to_column for name, field in columns.items()}

    @api.model
    @tools.ormcache()
    def _complete_names(self):
        """Return the columns that a complete row has."""
        own = ("model_name", "aggregate_id", "version", "state", "rules")
        last = ("last_event_type", "last_event_date", "company_id")
        return [*self._typed_columns(), *own, *last]

    @api.model
    def _ensure_save(self):
        """Create the SQL function that writes complete rows."""
        if self._abstract or not self._auto:
            return
        ensure_function(
            self.env.cr,
            f"{self._table}_save",
            "rows json, uid int, moment timestamp",
            "void",
            self._upsert_text(self._complete_names()) + ";",
        )

    @api.model
    def _upsert_text(self, names, rows="rows", uid="uid", moment="moment"):
        """Return the INSERT of rows, as JSON, that takes the place of those there are."""
        columns = [(name, self._fields[name].column_type[0]) for name in names]
        changes = [
            f'"{name}" = {self._new_value(name, "excluded")}'
            for name in names
            if name not in self._identity
        ]
        changes += [f'"{name}" = EXCLUDED."{name}"' for name in ("write_uid", "write_date")]
        return f"""
            INSERT INTO "{self._table}" AS stored ({listed(names)}, {", ".join(LOG_COLUMNS)})
            SELECT {listed(names)}, {uid}::int, {moment}::timestamp, {uid}::int, {moment}::timestamp
              FROM json_to_recordset({rows}::json) AS row ({record_of(columns)})
                ON CONFLICT ({listed(self._identity)}) DO UPDATE SET {", ".join(changes)}"""

    @api.model
    def _new_value(self, name, new):
        """Return the SQL of a column's new value, given the row ``new``, as text.

        A record may be merged or deleted after events spoke of it. History keeps its
        id, which no column with a foreign key can hold any more: as long as the state
        says the same of it as before, the column keeps what it was given instead.

        :param str name: a stored field
        :param str new: alias of the row with the new values; the old one is ``stored``
        """
        field = self._fields[name]
        value = f'{new}."{name}"'
        if field.type != "many2one" or name not in self._typed_columns():
            return value
        other = self.env[field.comodel_name]._table
        return f"""
            CASE WHEN {value} IS NULL
                   OR stored.state -> '{name}' IS DISTINCT FROM {new}.state -> '{name}'
                   OR EXISTS (SELECT FROM "{other}" AS other WHERE other.id = {value})
                 THEN {value} ELSE stored."{name}" END"""

    @api.model
    def _forget(self, model_name, keys):
        """Remove the snapshots of streams that have none by right."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM %s AS stored"
                " USING unnest(%s::int[], %s::text[]) AS gone (company_id, aggregate_id)"
                " WHERE stored.model_name = %s AND stored.company_id = gone.company_id"
                " AND stored.aggregate_id = gone.aggregate_id",
                SQL.identifier(self._table),
                [key[0] for key in keys],
                [key[1] for key in keys],
                model_name,
            )
        )
        self.invalidate_model(flush=False)

    def copy(self, default=None):
        raise UserError(
            _("A snapshot belongs to one record and cannot be duplicated; record events instead.")
        )

    def action_open_events(self):
        """Open the events of the aggregate."""
        self.ensure_one()
        events = self.env["event.store"]
        return events._open_stream(self.model_name, self.company_id.id, self.aggregate_id)
