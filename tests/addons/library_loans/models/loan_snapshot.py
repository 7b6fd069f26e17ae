from odoo import fields, models


class LoanSnapshot(models.Model):
    _name = "loan.snapshot"
    _description = "Loan"
    _inherit = "snapshot.mixin"

    status = fields.Selection(
        [("requested", "Requested"), ("lent", "Lent"), ("returned", "Returned")], readonly=True
    )
    reader = fields.Char(readonly=True)
    due = fields.Date(readonly=True)
