from odoo import api, fields, models
from odoo.tools import SQL, format_date, format_datetime

from .. import shadow_tables

SHOWN = 100


class EventProjectionDifference(models.Model):
    """Rows of the read model in use against those of a build, by key."""

    _inherit = "event.projection.build"

    def _differences(self, shown=SHOWN):
        """Compare each read model with what was built beside it.

        :param int shown: rows of each kind
        :return: list of ``{"model", "kind", "key", "old", "new", "count"}``: ``kind`` is new,
            gone or different, ``count`` how many of it there are, the others are dicts of
            fields and values as JSON has them, or None
        """
        self.ensure_one()
        self.env.flush_all()
        projection = self.env[self.subscription_id.consumer]
        found = []
        for model_name in projection._read_models:
            self.env.cr.execute(self._comparison(model_name, shown))
            names = ("kind", "key", "old", "new", "count")
            found += [
                {"model": model_name, **dict(zip(names, row, strict=True))}
                for row in self.env.cr.fetchall()
            ]
        return found

    def _comparison(self, model_name, shown):
        keys, others = self._compared_fields(model_name)
        table = self.env[model_name]._table
        places = (shadow_tables.live_schema(self.env.cr), self._schema())
        live, built = (
            SQL(
                # Rows of one key are compared in the order of their ids.
                "SELECT key, vals, row_number() OVER (PARTITION BY key ORDER BY id) AS number"
                " FROM (SELECT stored.id, %s AS key, %s AS vals FROM %s.%s AS stored) AS rows",
                self._as_json(keys),
                self._as_json(others),
                SQL.identifier(place),
                SQL.identifier(table),
            )
            for place in places
        )
        return SQL(
            """
            SELECT kind, key, old, new, count
              FROM (SELECT *, count(*) OVER (PARTITION BY kind) AS count,
                           row_number() OVER (PARTITION BY kind ORDER BY key, number) AS place
                      FROM (SELECT CASE WHEN live.key IS NULL THEN 'new'
                                        WHEN built.key IS NULL THEN 'gone'
                                        ELSE 'different' END AS kind,
                                   coalesce(built.key, live.key) AS key,
                                   coalesce(built.number, live.number) AS number,
                                   live.vals AS old, built.vals AS new
                              FROM (%s) AS live FULL JOIN (%s) AS built
                                   ON live.key = built.key AND live.number = built.number
                             WHERE live.key IS NULL OR built.key IS NULL
                                   OR live.vals <> built.vals) AS pairs) AS numbered
             WHERE place <= %s
             ORDER BY kind, place
            """,
            live,
            built,
            shown,
        )

    @api.model
    def _as_json(self, names):
        if not names:
            return SQL("'{}'::jsonb")
        columns = [SQL("stored.%s", SQL.identifier(name)) for name in names]
        return SQL("(SELECT to_jsonb(named) FROM (SELECT %s) AS named)", SQL(", ").join(columns))

    # ------------------------------------------------------------------
    # In people's words
    # ------------------------------------------------------------------

    @api.model
    def _in_words(self, model_name, values):
        """Return values of a row as a text: ``Total: 3; Day: 01/31/2026``.

        :param dict values: as JSON has them, or None
        """
        model = self.env[model_name]
        return "; ".join(
            f"{model._fields[name]._description_string(self.env)}:"
            f" {self._value_in_words(model, model._fields[name], value)}"
            for name, value in (values or {}).items()
        )

    @api.model
    def _value_in_words(self, model, field, value):
        if value is None:
            return "-"
        if field.type == "many2one":
            record = self.env[field.comodel_name].sudo().browse(value).exists()
            return record.display_name if record else f"#{value}"
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        if field.type == "date":
            return format_date(self.env, value)
        if field.type == "datetime":
            return format_datetime(
                self.env, fields.Datetime.to_datetime(value[:19].replace("T", " "))
            )
        if isinstance(value, dict) and field.translate:
            return value.get(self.env.lang) or value.get("en_US") or "-"
        return str(value)
