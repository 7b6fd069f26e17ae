from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.fields import AVERAGE

from ..rental_share import MAX_MONTHS

RATIO = "utilisation"


class RentalUtilisationReport(models.Model):
    """The utilisation with what is owned: how many of the days of all pieces were booked.

    A row per product and month; also of what was out on no day. A percentage of several rows is
    that of their days together, never the mean of their percentages, and rows count in it of
    which it is recorded what is owned.
    """

    _name = "rental.utilisation.report"
    _inherit = ["access.first.mixin", "rental.totals.mixin"]
    _description = "Utilisation in Percent"
    _auto = False
    _order = "month desc, product_id"
    _rec_name = "product_id"
    _export_text_as_text = True
    # {percentage: (columns of the part, of the whole)}
    _export_ratios = {RATIO: ("unit_days", "owned_days")}
    _depends = {
        "rental.utilisation": [
            *("company_id", "product_id", "month"),
            *("rentals_begun", "unit_days", "revenue", "last_event_on"),
        ],
        "rental.owned.change": ["company_id", "product_id", "day", "pieces"],
    }

    company_id = fields.Many2one("res.company", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    month = fields.Date(readonly=True, help="Its first day.")
    rentals_begun = fields.Integer(readonly=True, help="Rentals whose first day is in the month.")
    unit_days = fields.Float(
        string="Days Out (Units × Days)",
        digits=(20, 0),
        readonly=True,
        help="Days in the month, first and last one included, times pieces: as planned from the"
        " confirmation on, and as it was once delivered and returned.",
    )
    owned_days = fields.Float(
        string="Days Owned (Units × Days)",
        digits=(20, 0),
        readonly=True,
        help="Days of the month, times the pieces that were owned on them; also those in"
        " maintenance. 0 where nothing is recorded of what is owned.",
    )
    utilisation = fields.Float(
        string="Utilisation (%)",
        digits=(16, 1),
        readonly=True,
        help="Days out of days owned. More than 100 where more was out than is recorded as owned.",
        **AVERAGE,
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    revenue = fields.Monetary(
        readonly=True, help="What was invoiced in the month, less what was credited in it."
    )
    last_event_on = fields.Datetime(
        string="Last Event", readonly=True, help="The last event that changed the row."
    )

    @property
    def _table_query(self):
        # Every month up to this one; of those to come, and of long ago, those with days out.
        today = fields.Date.context_today(self)
        first = today.replace(day=1) - relativedelta(months=MAX_MONTHS - 1)
        return SQL(
            """
            (WITH asked AS (
                SELECT company_id, month FROM rental_utilisation WHERE unit_days != 0
                 UNION
                SELECT company_id, generate_series(
                           greatest(min(month), %(first)s), %(today)s, interval '1 month'
                       )::date
                  FROM rental_utilisation
                 WHERE unit_days != 0
                 GROUP BY company_id
            ), owned AS (
                SELECT company_id, product_id, month, greatest(sum(pieces * (
                           (month + interval '1 month')::date - greatest(day, month)
                       )), 0) AS owned_days
                  FROM rental_owned_change
                  JOIN asked USING (company_id)
                 WHERE day < (month + interval '1 month')::date
                 GROUP BY company_id, product_id, month
            )
            SELECT row_number() OVER (ORDER BY company_id, product_id, month) AS id,
                   company_id, product_id, month,
                   coalesce(rentals_begun, 0) AS rentals_begun,
                   coalesce(unit_days, 0) AS unit_days,
                   coalesce(owned_days, 0) AS owned_days,
                   100 * coalesce(unit_days, 0) / nullif(owned_days, 0) AS utilisation,
                   coalesce(revenue, 0) AS revenue,
                   last_event_on
              FROM rental_utilisation
              FULL JOIN owned USING (company_id, product_id, month))
            """,
            first=first,
            today=today,
        )

    @api.model
    def _read_group_select(self, aggregate_spec, query):
        """Take the percentage of several rows from their days."""
        found = super()._read_group_select(aggregate_spec, query)
        if aggregate_spec.partition(":")[0] != RATIO:
            return found
        names = self._export_ratios[RATIO]
        part, whole = (self._field_to_sql(self._table, name, query) for name in names)
        ratio = SQL("100 * sum(%s) FILTER (WHERE %s != 0) / nullif(sum(%s), 0)", part, whole, whole)
        # Odoo 19 gives the SQL alone.
        return (ratio, [*found[1], *names]) if isinstance(found, tuple) else ratio
