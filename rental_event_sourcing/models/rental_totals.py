from odoo import api, fields, models
from odoo.tools import SQL


class RentalTotalsMixin(models.AbstractModel):
    """Amounts are added up where they are of one currency, and never beyond.

    Inherit it where there is a ``company_id`` that gives the amounts their currency.
    """

    _name = "rental.totals.mixin"
    _description = "Totals of One Currency"

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """Leave a total empty where a group is of several currencies."""
        found = super()._read_group_select(aggregate_spec, query)
        name, _colon, function = aggregate_spec.partition(":")
        field = self._fields.get(name)
        if function not in ("sum", "avg", "min", "max") or field.type != "monetary":
            return found
        # Odoo 19 gives the SQL alone.
        total, *names = found if isinstance(found, tuple) else (found,)
        currency = SQL(
            "(SELECT company.currency_id FROM res_company AS company WHERE company.id = %s)",
            self._field_to_sql(self._table, "company_id", query),
        )
        total = SQL("CASE WHEN count(DISTINCT %s) = 1 THEN %s END", currency, total)
        return (total, [*names[0], "company_id"]) if names else total

    @api.model
    def _several_currencies(self):
        return len(self.env.companies.currency_id) > 1

    @api.model
    def _get_view_cache_key(self, view_id=None, view_type="form", **options):
        key = super()._get_view_cache_key(view_id, view_type, **options)
        return (*key, self._several_currencies())

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        """Leave out the totals below a list, which the page adds up of groups by itself."""
        arch, view = super()._get_view(view_id, view_type, **options)
        if self._several_currencies():
            for node in arch.xpath("/tree/field[@sum] | /list/field[@sum]"):
                if isinstance(self._fields.get(node.get("name")), fields.Monetary):
                    node.attrib.pop("sum")
        return arch, view
