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

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS till_balance_till_uniq ON till_balance (till)"
        )


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
        tills = {event.aggregate_id: [] for event in events}
        rows = {row.till: row for row in balances.search([("till", "in", list(tills))])}
        for event in events:
            amount = event.payload.get("amount", 0)
            if amount < 0:
                raise UserError(_("A till takes no less than nothing."))
            if amount == 13:
                raise KeyError("13")
            tills[event.aggregate_id].append(event)
        for till, given in tills.items():
            row = rows.get(till, balances)
            amount = sum(event.payload.get("amount", 0) for event in given)
            versions = [row.versions, *(str(event.version) for event in given)]
            vals = {
                "amount": row.amount + amount * self._projection_version,
                "versions": ",".join(filter(None, versions)),
            }
            if row:
                row.write(vals)
            else:
                balances.create({"till": till, "company_id": given[0].company_id, **vals})
