from odoo import _, api, fields, models

from odoo.addons.event_sourcing_base.compat import check_access


class RentalOrder(models.Model):
    """What became of a rental's invoices in accounting."""

    _inherit = "rental.order"

    rental_invoice_ids = fields.One2many("rental.invoice", "order_id", string="Invoices")
    invoice_count = fields.Integer(compute="_compute_payment", compute_sudo=True, store=True)
    payment_state = fields.Selection(
        [
            ("deleted", "Invoice deleted"),
            ("draft", "Draft"),
            ("not_paid", "Not paid"),
            ("partial", "Partly paid"),
            ("paid", "Paid"),
        ],
        string="Payment Status",
        compute="_compute_payment",
        compute_sudo=True,
        store=True,
        copy=False,
    )
    unpaid_amount = fields.Monetary(
        string="Unpaid",
        compute="_compute_payment",
        compute_sudo=True,
        store=True,
        help="Of posted invoices, less credit notes, with tax.",
    )

    posted_amount = fields.Monetary(
        string="Posted",
        compute="_compute_payment",
        compute_sudo=True,
        store=True,
        help="What was charged, less what was credited, as far as it is posted; without tax.",
    )

    @api.depends(
        "rental_invoice_ids.state",
        "rental_invoice_ids.move_id.amount_total_signed",
        "rental_invoice_ids.move_id.amount_residual_signed",
        "rental_invoice_ids.move_line_ids.price_total",
    )
    def _compute_payment(self):
        for order in self:
            rows = order.rental_invoice_ids
            states = rows.mapped("state")
            posted = rows.filtered(lambda row: row.state == "posted")
            shares = order._shares(posted)
            order.invoice_count = len(rows.move_id)
            order.unpaid_amount = sum(
                order.currency_id.round(move.amount_residual_signed * share)
                for move, share in shares.items()
            )
            order.posted_amount = sum(
                -row.amount if row.kind == "credit" else row.amount for row in posted
            )
            if "deleted" in states:
                order.payment_state = "deleted"
            elif "draft" in states:
                order.payment_state = "draft"
            else:
                order.payment_state = order._payment_of(shares)

    def _shares(self, rows):
        """Return ``{invoice: which part of it is of one rental}``; of a shared one, by its lines.

        :param rows: of the rental, the posted ones
        """
        moves = rows.move_id
        sharing = rows.search([("move_id", "in", moves.ids), ("id", "not in", rows.ids)])
        shared = (sharing - self.rental_invoice_ids).move_id
        shares = dict.fromkeys(moves - shared, 1)
        for move in shared:
            own = rows.move_line_ids.filtered(lambda line, move=move: line.move_id == move)
            amount = sum(own.mapped("price_total"))
            shares[move] = amount / move.amount_total if move.amount_total else 0
        return shares

    def _payment_of(self, shares):
        """Return what of posted invoices is paid, False where there are none."""
        if not shares:
            return False
        unpaid = self.currency_id.round(self.unpaid_amount)
        total = self.currency_id.round(
            sum(move.amount_total_signed * share for move, share in shares.items())
        )
        if unpaid <= 0:
            return "paid"
        return "partial" if unpaid < total else "not_paid"

    def action_view_invoices(self):
        """Open the invoices of a rental in accounting."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("Invoices of %(rental)s", rental=self.name),
            "res_model": "account.move",
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.rental_invoice_ids.move_id.ids)],
            "context": {"create": False},
        }

    def action_draft_invoices_again(self):
        """Make the drafts again that somebody deleted."""
        check_access(self, "write")
        return self.rental_invoice_ids.filtered(
            lambda row: row.state == "deleted"
        ).action_draft_again()
