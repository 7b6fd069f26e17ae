from odoo import api, models
from odoo.tools import SQL

# jsonb takes 1 and 1.0 for equal; the canonical spelling does not.
TEXT_COLUMNS = ("state",)


class SnapshotDifference(models.AbstractModel):
    """Stored snapshots against rows that were folded anew."""

    _inherit = "snapshot.mixin"

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
    def _stored(self, model_name, keys):
        """Return the set of those streams that have a snapshot; their states are not read."""
        self.env.cr.execute(
            SQL(
                "SELECT stored.company_id, stored.aggregate_id FROM %s"
                " WHERE stored.model_name = %s",
                self._of_keys(keys),
                model_name,
            )
        )
        return set(self.env.cr.fetchall())

    @api.model
    def _stored_as(self, name, value):
        """Return a value of a complete row as its column takes it: a number is 0 for none."""
        return self._fields[name].convert_to_column(None, self, {}) if value is None else value
