from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access

# {event type: {key of the payload: field of the line}}
CHARGES = {
    "RentalInvoiced": {"amount": "amount", "period_start": "start", "period_end": "end"},
    "LateFeeCharged": {"amount": "amount", "late_from": "start", "late_until": "end"},
    "DamageCharged": {"amount": "amount", "damage": "damage_number"},
}


class RentalCollectWizard(models.TransientModel):
    """Charges what is due for rentals; what is of one customer shares an invoice."""

    _name = "rental.collect.wizard"
    _inherit = "access.first.mixin"
    _description = "Invoice What Is Due"

    line_ids = fields.One2many("rental.collect.wizard.line", "wizard_id", string="Charges")
    total = fields.Char(compute="_compute_total")

    @api.depends("line_ids.amount")
    @api.depends_context("lang")
    def _compute_total(self):
        words = self.env["rental.order.words"]
        for wizard in self:
            sums = words._sums((line.currency_id, line.amount) for line in wizard.line_ids)
            wizard.total = words._amounts(sums)

    def action_record(self):
        """Record all charges, each as an event; all of them or none.

        :raise UserError: for one that is not possible, as when somebody charged it meanwhile
        """
        self.ensure_one()
        if not self.line_ids:
            raise UserError(_("Nothing is left to charge; close the dialog."))
        orders = self.line_ids.order_id
        check_access(orders, "write")
        for of_customer in orders.grouped(lambda order: (order.company_id, order.partner_id)):
            lines = self.line_ids.filtered(
                lambda line, key=of_customer: (line.company_id, line.partner_id) == key
            )
            lines._record(lines[:1].order_id._collection_key())
        return orders._notification(
            _("Charged what is due"),
            _(
                "%(count)s charges of %(rentals)s: %(total)s",
                count=len(self.line_ids),
                rentals=self.env["rental.order.words"]._listed(orders.mapped("name"), 3),
                total=self.total,
            ),
        )


class RentalCollectWizardLine(models.TransientModel):
    """One charge: a period, late days, or a damage."""

    _name = "rental.collect.wizard.line"
    _inherit = "access.first.mixin"
    _description = "Charge That Is Due"

    wizard_id = fields.Many2one(
        "rental.collect.wizard", string="Dialog", required=True, ondelete="cascade"
    )
    order_id = fields.Many2one("rental.order", string="Rental", required=True, readonly=True)
    partner_id = fields.Many2one(related="order_id.partner_id")
    company_id = fields.Many2one(related="order_id.company_id")
    currency_id = fields.Many2one(related="order_id.currency_id")
    event_type = fields.Selection(
        [
            ("RentalInvoiced", "Rental"),
            ("LateFeeCharged", "Late fee"),
            ("DamageCharged", "Damage"),
        ],
        string="What For",
        required=True,
        readonly=True,
    )
    start = fields.Date(string="From", readonly=True)
    end = fields.Date(string="Until", readonly=True)
    damage_number = fields.Integer(string="Damage no.", readonly=True)
    amount = fields.Monetary()

    def _record(self, key):
        """Record the charges of one customer, collected under a key."""
        for line in self:
            if line.amount <= 0:
                raise UserError(
                    _(
                        "An amount of %(rental)s is not above 0; enter one, or delete the line.",
                        rental=line.order_id.name,
                    )
                )
            line.order_id._apply_event(
                line.event_type, {**line._payload(), "collected_as": key}, policy="reject"
            )

    def _payload(self):
        payload = {}
        for key, name in CHARGES[self.event_type].items():
            value = self[name]
            if value:
                is_date = self._fields[name].type == "date"
                payload[key] = fields.Date.to_string(value) if is_date else value
        return payload
