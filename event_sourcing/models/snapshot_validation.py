from odoo import api, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.canonical_json import in_one_text


class SnapshotValidation(models.AbstractModel):
    """What the table would refuse of rows, found out without writing or locking any."""

    _inherit = "snapshot.mixin"

    @api.model
    def _find_violations(self, vals_list, applied=False):
        """Return why the table would not hold rows, as ``{index: (kind, column, row)}``.

        A kind is ``gone`` for the id of no record, ``needed`` for one that the column cannot do
        without, and ``empty``.

        :param list vals_list: complete rows, dicts with the same keys each
        :param bool applied: whether their events were applied once: then the id of a
            record that is not there is left out where the column may be empty
        :raise psycopg2.Error, ValueError: for a value that its column cannot take
        """
        unfit = {}
        for index, (gone, empty) in self._missing_references(vals_list).items():
            vals = vals_list[index]
            needed = [name for name in gone if self._fields[name].required]
            if applied and needed:
                unfit[index] = "needed", needed[0], vals
            elif gone and not applied:
                unfit[index] = "gone", gone[0], vals
            elif empty:
                unfit[index] = "empty", empty[0], vals
        return unfit

    @api.model
    def _drop_dangling(self, vals_list):
        """Return rows without the ids of records that are gone, or were never here.

        History and state keep them. A column that was given something instead is none
        of these: see :meth:`_new_value`.
        """
        rows = list(vals_list)
        for index, (gone, _empty) in self._missing_references(rows).items():
            rows[index] = {**rows[index], **dict.fromkeys(gone)}
        return rows

    @api.model
    def _missing_references(self, vals_list):
        """Return what rows lack, in one query.

        :return: ``{index: (columns with the id of no record, required columns that are
            empty)}`` of the rows that lack something
        """
        if not vals_list:
            return {}
        names = tuple(vals_list[0])
        gone = {name: self._is_gone(name) for name in names if self._is_reference(name)}
        empty = {
            name: SQL("new.%s IS NULL", SQL.identifier(name))
            for name in names
            if self._fields[name].required
        }
        self.env.cr.execute(
            SQL(
                "SELECT new.number, %s, %s FROM %s WHERE %s ORDER BY new.number",
                self._names_where(gone),
                self._names_where(empty),
                self._beside_stored(vals_list),
                SQL(" OR ").join([*gone.values(), *empty.values()]),
            )
        )
        return {number - 1: tuple(found) for number, *found in self.env.cr.fetchall()}

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
    def _is_reference(self, name):
        """Whether a typed column has a foreign key; Odoo gives none to views."""
        field = self._fields[name]
        if field.type != "many2one" or name not in self._typed_columns():
            return False
        return self.env[field.comodel_name]._is_an_ordinary_table()

    @api.model
    def _is_gone(self, name):
        column = SQL.identifier(name)
        return SQL(
            """(new.%s IS NOT NULL
                AND NOT EXISTS (SELECT FROM %s AS other WHERE other.id = new.%s)
                AND (stored.id IS NULL OR stored.state -> %s IS DISTINCT FROM new.state -> %s))""",
            column,
            SQL.identifier(self.env[self._fields[name].comodel_name]._table),
            column,
            name,
            name,
        )
