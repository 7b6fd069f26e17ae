from odoo import api, fields, models, tools

from ..bulk import STAMPS, columns_of, insert_rows, stamps
from ..canonical_json import canonical
from ..compat import check_access, prime
from ..event_hash import content_hash

# The store's own columns: their values are clean, and go into the row as they are.
OWN = (
    *("model_name", "aggregate_id", "event_type", "payload", "version", "timestamp"),
    *("outcome", "failed_event_id", "error_class", "error_message", "event_uuid"),
    *("correlation_id", "causation_id", "schema_version", "company_id", "content_hash"),
    *("broken_rule", "error_fingerprint", "retry_uuid"),
)
# What everybody asks about an event that was just stored.
ASKED = ("version", "outcome", "event_uuid", "error_message")


class EventStoreInsert(models.Model):
    """All rows of a batch in one statement, without the ORM's work for each.

    What other addons add by ``_inherit`` is honoured: given and default values of their
    stored fields, computed stored fields, constraints, and record rules.
    """

    _inherit = "event.store"

    @api.model
    def _insert(self, vals_list):
        """Insert rows as they are, with the rights of the user.

        :param list vals_list: complete dicts
        :return: records in the order of ``vals_list``
        """
        # A caller's default_* keys must not reach what the store decides.
        context = {k: v for k, v in self.env.context.items() if not k.startswith("default_")}
        self = self.with_context(context)
        others = self._other_columns()
        stamped = stamps(self.env, fields.Datetime.now())
        rows = [{**self._row(vals, others), **stamped} for vals in vals_list]
        names = tuple(rows[0])
        self.env.cr.execute(self._insert_code(names), columns_of(rows, names))
        events = self.browse(row[0] for row in self.env.cr.fetchall())
        for name in ASKED:
            prime(events, name, [vals.get(name) or None for vals in vals_list])
        for name in ("payload", "company_id"):
            prime(events, name, [vals[name] for vals in vals_list])
        self._finish_insert(events, vals_list, others)
        return events

    @api.model
    def _other_columns(self):
        """Return the names of the stored columns that other addons added."""
        return [
            name
            for name, field in self._fields.items()
            if field.store and field.column_type and name not in OWN and name not in ("id", *STAMPS)
        ]

    @api.model
    def _row(self, vals, others):
        """Return one row as ``{column: value for PostgreSQL}``."""
        row = {name: vals.get(name) or None for name in OWN}
        row["payload"] = canonical(vals["payload"])
        row["content_hash"] = content_hash(vals)
        given = {name: vals[name] for name in others if name in vals}
        missing = [name for name in others if name not in given]
        if missing:
            given.update(self.default_get(missing))
        for name in others:
            field = self._fields[name]
            value = field.convert_to_cache(given.get(name, False), self)
            row[name] = field.convert_to_column(value, self, vals)
        return row

    @api.model
    @tools.ormcache("names")
    def _insert_code(self, names):
        types = [(name, self._fields[name].column_type[0]) for name in names]
        return f"{insert_rows(self._table, types)} RETURNING id"

    @api.model
    def _finish_insert(self, events, vals_list, others):
        """Do what the ORM does after an insert, as far as somebody asks for it."""
        computed = [name for name, field in self._fields.items() if field.store and field.compute]
        for name in computed:
            self.env.add_to_compute(self._fields[name], events)
        known = {*OWN, *others}
        for event, vals in zip(events, vals_list, strict=True):
            rest = {name: value for name, value in vals.items() if name not in known}
            if rest:  # fields without a column, such as many2many
                models.Model.write(event, rest)
        if self._constraint_methods:
            events._validate_fields([*OWN, *others])
        if not self.env.su:
            check_access(events, "create")
