from odoo import api, models


class ResPartner(models.Model):
    """What a customer owes is less what was paid, and with the tax of what is posted."""

    _inherit = "res.partner"

    @api.model
    def _rental_debts(self, partner_ids):
        """Return what is owed: of posted invoices what is unpaid, and what is not posted yet."""
        found = super()._rental_debts(partner_ids)
        domain = [("partner_id", "in", partner_ids), ("company_id", "in", self.env.companies.ids)]
        sums = self.env["rental.order"]._read_group(
            domain, ["partner_id", "company_id"], ["unpaid_amount:sum", "posted_amount:sum"]
        )
        for partner, company, unpaid, posted in sums:
            found.setdefault(partner.id, []).append((company.currency_id, unpaid - posted))
        return found

    def action_view_rentals_owed(self):
        action = super().action_view_rentals_owed()
        return {**action, "domain": [*action["domain"], ("payment_state", "!=", "paid")]}
