from odoo import _, api, fields, models

from odoo.addons.event_sourcing.event import EventData

from .. import pricing

QUOTATION, CONTRACT, PICKUP, RECEIPT = "quotation", "contract", "pickup", "receipt"
KINDS = (QUOTATION, CONTRACT, PICKUP, RECEIPT)


class ResCompany(models.Model):
    _inherit = "res.company"

    rental_terms = fields.Text(
        string="Terms of Rental", translate=True, help="Printed on quotations and contracts."
    )


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    rental_terms = fields.Text(related="company_id.rental_terms", readonly=False)


class RentalOrder(models.Model):
    """What a rental's documents say, in the language of the customer."""

    _inherit = "rental.order"

    def _document_lang(self):
        return self.partner_id.lang or self.env.lang

    def _document_title(self, kind):
        """Return what a document is called, in the language of the records.

        :param str kind: one of ``KINDS``
        """
        return {
            QUOTATION: _("Quotation"),
            CONTRACT: _("Rental Contract"),
            PICKUP: _("Pickup List"),
            RECEIPT: _("Return Receipt"),
        }[kind]

    def _document_day(self):
        """Return the day on which a document is made, where the shop is."""
        store = self.env["event.store"]
        return store._business_today(self.company_id.id, fields.Datetime.now())

    def _document_name(self, kind):
        """Return how the file of a document is called, without its ending."""
        order = self.with_context(lang=self._document_lang())
        return f"{order._document_title(kind)} {self.name}"

    def _document_lines(self):
        """Return what is rented, line by line, with amounts and words as documents show them.

        :return: dicts with ``product`` (a record), ``quantity``, ``delivered``, ``returned``,
            ``units`` (texts), ``price``, ``per`` and ``periods`` (words), ``amount`` (a Decimal,
            not rounded, or None)
        """
        words = self.env["rental.price.words"]
        return [
            {
                "product": line.product_id,
                "quantity": line.quantity,
                "delivered": line.delivered,
                "returned": line.returned,
                "units": (line.unit_ids or line.out_unit_ids).mapped("display_name"),
                "price": line.price,
                "per": words._per(line.price_period),
                "periods": words._parts(self._document_parts(line)),
                "amount": line._exact_amount(),
            }
            for line in self.line_ids
        ]

    def _document_parts(self, line):
        """Return of which periods the amount of a line is made, as far as it is known."""
        if line.price_period != "rental":
            count = pricing.periods(line.price_period, self.planned_start, self.planned_end)
            return ((line.price_period, count),) if count else ()
        proposal = line._proposal()
        return proposal[2] if proposal and not line._other_price() else ()

    @api.model
    def _document_total(self, lines):
        """Return the sum of all amounts, not rounded; None where one is not known."""
        amounts = [line["amount"] for line in lines]
        return None if None in amounts else float(sum(amounts))

    def _document_damages(self):
        """Return ``[(description, what the customer pays)]`` of the damages, as they came."""
        company_id, aggregate_id = self._stream_key()
        store = self.env["event.store"].sudo()
        handler = store._find_handler(self._aggregate_model)
        stream = store._of_stream(self._aggregate_model, company_id, aggregate_id)
        domain = [*stream, ("event_type", "=", "DamageReported"), ("outcome", "=", "applied")]
        damages = []
        for record in store.search(domain, order="version"):
            payload = handler._upcast(EventData.from_record(record)).payload
            charged = payload.get("repair_cost", 0) if payload.get("charged") else 0
            damages.append((payload["description"], charged))
        return damages

    @api.model
    def action_print_hint(self):
        """Return why documents cannot be made as PDF here and what is done instead, or False."""
        if self.env["ir.actions.report"].get_wkhtmltopdf_state() in ("ok", "upgrade"):
            return False
        return _(
            "The server lacks wkhtmltopdf, so the document opens as a page; print it with your"
            " browser, or ask your administrator to install wkhtmltopdf for PDF files."
        )
