from odoo import api, models

from odoo.addons.rental_event_sourcing.models.rental_demo import SHOPS


class RentalDemo(models.AbstractModel):
    _inherit = "rental.demo"

    @api.model
    def _open_books(self):
        """Give the first shop a chart of accounts, so that what it invoices becomes drafts.

        The other one has none yet: what it invoices waits, and says so.
        """
        name = SHOPS[0].company["name"]
        company = self.env["res.company"].search([("name", "=", name)], limit=1)
        if company and not company.chart_template:
            charts, currency = self.env["account.chart.template"], company.currency_id
            charts.try_loading("generic_coa", company, install_demo=False)
            company.currency_id = currency  # the generic chart brings dollars
