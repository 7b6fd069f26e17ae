from odoo import _, api, fields, models
from odoo.exceptions import UserError


class TillBalance(models.Model):
    """A read model that appends write themselves: what is in a till."""

    _name = "till.balance"
    _description = "Balance of a Till"

    till = fields.Char(required=True)
    amount = fields.Integer()
    versions = fields.Char(help="The versions, in the order in which they came.")
    company_id = fields.Many2one("res.company", required=True)

    _sql_constraints = [("till_uniq", "unique (till)", "One row for each till.")]


class TillBalanceProjection(models.AbstractModel):
    _name = "till.balance.projection"
    _inherit = "event.projection"
    _description = "Balances of Tills"
    _subscribes = {"till": ("*",)}
    _read_models = ("till.balance",)
    _read_model_keys = {"till.balance": ("till",)}
    _inline = True

    @api.model
    def _project(self, events):
        balances = self.env["till.balance"]
        for event in events:
            amount = event.payload.get("amount", 0)
            if amount < 0:
                raise UserError(_("A till takes no less than nothing."))
            if amount == 13:
                raise KeyError("13")
            row = balances.search([("till", "=", event.aggregate_id)], limit=1)
            vals = {
                "amount": row.amount + amount * self._projection_version,
                "versions": ",".join(filter(None, [row.versions, str(event.version)])),
            }
            if row:
                row.write(vals)
            else:
                balances.create(
                    {"till": event.aggregate_id, "company_id": event.company_id, **vals}
                )
