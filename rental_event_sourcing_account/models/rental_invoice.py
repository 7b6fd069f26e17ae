from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access

KINDS = {
    "RentalInvoiced": "invoice",
    "InvoiceCorrected": "credit",
    "LateFeeCharged": "late_fee",
    "DamageCharged": "damage",
}


class RentalInvoice(models.Model):
    """What an event about a rental's money became in accounting; each event makes one.

    It keeps what was to be invoiced, so that an invoice that somebody deleted is missed, and can
    be made again.
    """

    _name = "rental.invoice"
    _inherit = ["access.first.mixin", "rental.totals.mixin"]
    _description = "Invoice of a Rental"
    _order = "id desc"
    _rec_name = "aggregate_id"
    _export_text_as_text = True

    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    aggregate_id = fields.Char(string="Rental", required=True, readonly=True, index=True)
    order_id = fields.Many2one("rental.order", readonly=True, index=True, ondelete="restrict")
    event_uuid = fields.Char(string="UUID of the Event", required=True, readonly=True)
    kind = fields.Selection(
        [
            ("invoice", "Rental"),
            ("credit", "Credit"),
            ("late_fee", "Late fee"),
            ("damage", "Damage"),
        ],
        required=True,
        readonly=True,
    )
    number = fields.Integer(
        readonly=True, help="Which of its kind: the first invoice of a rental is 1."
    )
    recorded_on = fields.Date(readonly=True)
    amount = fields.Monetary(readonly=True, help="Without tax, in the company's currency.")
    start = fields.Date(string="From", readonly=True)
    end = fields.Date(string="Until", readonly=True)
    reason = fields.Char(readonly=True)
    corrects_id = fields.Many2one("rental.invoice", readonly=True, ondelete="restrict")
    move_id = fields.Many2one(
        "account.move",
        string="Journal Entry",
        readonly=True,
        index=True,
        ondelete="set null",
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    # Of the journal entry, what is of this row: others of its collection share the entry.
    move_line_ids = fields.Many2many(
        "account.move.line",
        string="Journal Items",
        readonly=True,
        groups="account.group_account_readonly,account.group_account_invoice",
    )
    collected_as = fields.Char(
        readonly=True, help="Charges of a customer that say the same share a draft."
    )
    begins = fields.Boolean(
        string="Began the Draft", readonly=True, help="Others of the collection joined its draft."
    )
    move_name = fields.Char(
        string="Invoice", compute="_compute_move", compute_sudo=True, store=True
    )
    state = fields.Selection(
        [
            ("deleted", "Deleted"),
            ("draft", "Draft"),
            ("posted", "Posted"),
            ("cancel", "Cancelled"),
        ],
        string="Status",
        compute="_compute_move",
        compute_sudo=True,
        store=True,
    )

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_invoice_event_uniq"
            " ON rental_invoice (company_id, event_uuid)"
        )
        # Two that begin the draft of a collection at once: one of them is tried again, and joins.
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS rental_invoice_begins_uniq"
            " ON rental_invoice (company_id, collected_as) WHERE begins AND move_id IS NOT NULL"
        )

    @api.depends("move_id.state", "move_id.name", "collected_as", "move_line_ids.price_total")
    def _compute_move(self):
        for row in self:
            # Of an entry that others share, its lines alone may be deleted.
            gone = row.collected_as and not row.move_line_ids
            row.state = "deleted" if gone else row.move_id.state or "deleted"
            name = row.move_id.name
            row.move_name = name if name != "/" else False  # a draft has none yet

    @api.model
    def _record(self, event):
        """Keep what an event asks for, and make its draft.

        :param FeedEvent event: of a type that ``KINDS`` names
        :raise UserError: where no invoice can be made, with what to do about it
        """
        key = (event.company_id, event.aggregate_id)
        order = self.env["rental.order"]._of_streams([key])[:1]
        kind, payload = KINDS[event.event_type], event.payload
        row = self.create(
            {
                "company_id": event.company_id,
                "aggregate_id": event.aggregate_id,
                "order_id": order.id,
                "event_uuid": event.event_uuid,
                "kind": kind,
                "number": self._number_of(event, key),
                "recorded_on": event.business_date,
                "amount": payload["amount"],
                "start": payload.get("period_start") or payload.get("late_from"),
                "end": payload.get("period_end") or payload.get("late_until"),
                "reason": payload.get("reason"),
                "collected_as": payload.get("collected_as"),
            }
        )
        if kind == "credit":
            row.corrects_id = self.search(
                [
                    ("company_id", "=", event.company_id),
                    ("aggregate_id", "=", event.aggregate_id),
                    ("kind", "=", "invoice"),
                    ("number", "=", row.number),
                ],
                limit=1,
            )
        row._make_draft()
        return row

    @api.model
    def _number_of(self, event, key):
        """Return the number by which the rental calls its invoice or damage; 0 for neither."""
        named = event.payload.get("invoice") or event.payload.get("damage")
        if named or event.event_type != "RentalInvoiced":
            return named or 0
        handler = self.env["rental.snapshot.handler"]
        state = handler._load_states(event.model_name, [key])[key]
        for number, invoice in state.get("invoices", {}).items():
            if invoice["version"] == event.version:
                return int(number)
        return 0

    def action_draft_again(self):
        """Make the drafts again that somebody deleted; others stay as they are.

        :raise UserError: where no invoice can be made
        """
        check_access(self, "read")
        check_access(self.order_id, "write")
        gone = self.sudo().filtered(lambda row: row.state == "deleted")
        if not gone:
            raise UserError(_("The invoice is there; open it in accounting."))
        for row in gone:
            row.with_context(allowed_company_ids=row.company_id.ids)._make_draft()
        return True

    def action_open_move(self):
        """Open the invoice in accounting."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "account.move",
            "res_id": self.move_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
