from odoo import _, api, fields, models
from odoo.tools import format_amount

# {event type: {key of the payload: field of the dialog}}
ENTERED = {
    "RentalInvoiced": {
        "amount": "amount",
        "period_start": "period_start",
        "period_end": "period_end",
        "again": "again",
        "reason": "reason",
    },
    "InvoiceCorrected": {"invoice": "invoice_number", "amount": "amount", "reason": "reason"},
    "DepositTaken": {"amount": "amount"},
    "DepositReturned": {"amount": "amount", "reason": "reason"},
    "LateFeeCharged": {"late_from": "late_from", "late_until": "late_until", "amount": "amount"},
    "DamageCharged": {"damage": "damage_number", "amount": "amount", "reason": "reason"},
}
# Without these, nothing can be said of it yet.
NEEDED = {
    "InvoiceCorrected": ("invoice_number", "amount", "reason"),
    "DepositTaken": ("amount",),
    "DepositReturned": ("amount",),
    "LateFeeCharged": ("late_from", "late_until", "amount"),
    "DamageCharged": ("damage_number", "amount"),
}
FIELDS = ("period_start", "period_end", "again", "invoice_number", "damage_number")
DAYS = ("late_from", "late_until")


class RentalEventWizard(models.TransientModel):
    """Asks for what an event about a rental's money needs, and proposes it."""

    _inherit = "rental.event.wizard"

    period_start = fields.Date(string="Period from")
    period_end = fields.Date(string="Period until")
    again = fields.Boolean(
        string="Invoice again",
        help="An invoice covers days of the period already; this one is for them, too.",
    )
    invoice_number = fields.Integer(string="Invoice no.")
    damage_number = fields.Integer(string="Damage no.")
    late_from = fields.Date()
    late_until = fields.Date()
    entries = fields.Text(string="On Record", compute="_compute_entries")

    @api.depends(*FIELDS, *DAYS)
    def _compute_forecast(self):
        return super()._compute_forecast()

    @api.depends("event_type", "order_ids")
    @api.depends_context("lang")
    def _compute_entries(self):
        for wizard in self:
            order = wizard.order_ids._origin
            wizard.entries = (len(order) == 1 and wizard._entries_of(order)) or False

    def _entries_of(self, order):
        """Return the invoices or damages of a rental, a line for each; None for other events."""
        state = order._folded_states()[order]
        if self.event_type == "InvoiceCorrected":
            return "\n".join(
                _(
                    "%(number)s: %(amount)s, credited %(credited)s",
                    number=number,
                    amount=self._shown(order, invoice["amount"]),
                    credited=self._shown(order, invoice.get("credited", 0)),
                )
                for number, invoice in state.get("invoices", {}).items()
            )
        if self.event_type == "DamageCharged":
            return "\n".join(
                _(
                    "%(number)s: %(description)s, customer pays %(amount)s, billed %(billed)s",
                    number=number,
                    description=damage["description"],
                    amount=self._shown(order, damage["chargeable"]),
                    billed=self._shown(order, damage.get("billed", 0)),
                )
                for number, damage in state.get("damages", {}).items()
            )
        return None

    def _shown(self, order, amount):
        return format_amount(self.env, amount, order.currency_id)

    @api.model
    def default_get(self, fields_list):
        values = super().default_get(fields_list)
        event_type = values.get("event_type") or self.env.context.get("default_event_type")
        if event_type not in ENTERED or self.env.context.get("active_model") != "rental.order":
            return values
        if "default_amount" not in self.env.context:
            values.pop("amount", None)
        orders = self.env["rental.order"].browse(self.env.context.get("active_ids")).exists()
        proposals = [order._money_proposal(event_type) for order in orders]
        for name in set().union(*proposals) & set(fields_list):
            found = {proposal.get(name) for proposal in proposals}
            if len(found) == 1:
                values.setdefault(name, *found)
        return values

    @api.onchange("period_start", "period_end")
    def _onchange_period(self):
        order, start, end = self.order_ids._origin, self.period_start, self.period_end
        if self.event_type == "RentalInvoiced" and len(order) == 1 and start and end:
            self.amount = order._period_amount(start, end)

    @api.onchange("late_from", "late_until")
    def _onchange_late(self):
        order, start, end = self.order_ids._origin, self.late_from, self.late_until
        if self.event_type == "LateFeeCharged" and len(order) == 1 and start and end:
            self.amount = order.snapshot_id.sudo()._late_fee(start, end)

    def _lacks(self):
        needed = ("reason",) if self.again else NEEDED.get(self.event_type, ())
        return super()._lacks() or any(not self[name] for name in needed)

    def _payload(self):
        if self.event_type not in ENTERED:
            return super()._payload()
        payload = {}
        for key, name in ENTERED[self.event_type].items():
            value = self[name]
            if value is not False and value != "":
                is_date = self._fields[name].type == "date"
                payload[key] = fields.Date.to_string(value) if is_date else value
        return payload
