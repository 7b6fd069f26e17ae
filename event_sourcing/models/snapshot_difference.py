from odoo import api, models
from odoo.tools import SQL

from ..canonical_json import in_one_text

# jsonb takes 1 and 1.0 for equal; the canonical spelling does not.
TEXT_COLUMNS = ("state",)


class SnapshotDifference(models.AbstractModel):
    """Stored snapshots against rows that were folded anew."""

    _inherit = "snapshot.mixin"

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
    def _differences(self, vals_list, texts=None):
        """Return the rows that are missing or stored differently, in one query.

        :param list vals_list: complete rows as folded, dicts with the same keys each
        :param list texts: the same as ``_row_texts`` gives them, where they are at hand
        :return: list of ``(vals, stored)``: the folded row, and a dict of the columns
            that are stored otherwise (values as JSON), or None where there is no row
        """
        if not vals_list:
            return []
        names = tuple(vals_list[0])
        compared = [name for name in names if name not in self._identity]
        differs = {name: self._differs(name) for name in compared}
        self.env.cr.execute(
            SQL(
                """
                SELECT new.number, to_jsonb(stored), %s
                  FROM %s
                 WHERE stored.id IS NULL OR %s
                 ORDER BY new.number
                """,
                self._names_where(differs),
                self._beside_stored(vals_list, texts),
                SQL(" OR ").join(differs.values()),
            )
        )
        return [
            (vals_list[number - 1], stored and {name: stored[name] for name in different})
            for number, stored, different in self.env.cr.fetchall()
        ]

    @api.model
    def _beside_stored(self, vals_list, texts=None):
        """Return the SQL of rows as ``new``, numbered from 1, each with the one ``stored``."""
        names = tuple(vals_list[0])
        return SQL(
            """ROWS FROM (json_to_recordset(%s) AS (%s)) WITH ORDINALITY AS new (%s, number)
               LEFT JOIN %s AS stored ON %s""",
            in_one_text(texts or self._row_texts(vals_list)),
            SQL(", ").join(map(self._typed, names)),
            SQL(", ").join(map(SQL.identifier, names)),
            SQL.identifier(self._table),
            SQL(" AND ").join(
                SQL("stored.%s = new.%s", SQL.identifier(name), SQL.identifier(name))
                for name in self._identity
            ),
        )

    @api.model
    def _names_where(self, conditions):
        """Return the SQL of a list of those names whose condition, by name, is true."""
        return SQL(
            "array_remove(ARRAY[%s]::text[], NULL)",
            SQL(", ").join(
                SQL("CASE WHEN %s THEN %s END", condition, name)
                for name, condition in conditions.items()
            ),
        )

    @api.model
    def _typed(self, name):
        return SQL("%s %s", SQL.identifier(name), SQL(self._fields[name].column_type[1]))

    @api.model
    def _differs(self, name):
        if name in TEXT_COLUMNS:
            column = SQL.identifier(name)
            return SQL("stored.%s::text IS DISTINCT FROM new.%s::text", column, column)
        return SQL(
            "stored.%s IS DISTINCT FROM (%s)",
            SQL.identifier(name),
            SQL(self._new_value(name, "new")),
        )

    @api.model
    def _orphans(self, model_names, limit, companies=None):
        """Return ``(model_name, key)`` of snapshots that no event accounts for.

        :param list companies: only those of these companies, by their ids, or None for all
        """
        self.env.cr.execute(
            SQL(
                """
                SELECT model_name, company_id, aggregate_id FROM %s AS stored
                 WHERE model_name = ANY(%s) AND (%s OR company_id = ANY(%s))
                   AND NOT EXISTS (
                       SELECT FROM event_stream AS head
                        WHERE head.company_id = stored.company_id
                          AND head.model_name = stored.model_name
                          AND head.aggregate_id = stored.aggregate_id)
                 ORDER BY id LIMIT %s
                """,
                SQL.identifier(self._table),
                list(model_names),
                companies is None,
                list(companies or ()),
                limit,
            )
        )
        return [(row[0], row[1:]) for row in self.env.cr.fetchall()]

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
