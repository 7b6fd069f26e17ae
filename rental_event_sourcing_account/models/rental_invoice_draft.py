from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import float_compare, format_date


class RentalInvoice(models.Model):
    """How a draft in accounting is made of what was recorded."""

    _inherit = "rental.invoice"

    def _make_draft(self):
        """Make the draft invoice, or credit note, of one row.

        :raise UserError: where the company or the rental lacks what an invoice needs
        """
        self.ensure_one()
        company = self.company_id
        snapshot = self.env["rental.snapshot"].search(
            [("company_id", "=", company.id), ("aggregate_id", "=", self.aggregate_id)], limit=1
        )
        partner = snapshot.partner_id.with_company(company)
        if not partner:
            message = _(
                "%(rental)s has no customer, so that nobody can be invoiced; plan it with one.",
                rental=self.aggregate_id,
            )
            raise UserError(message)
        own = self.with_company(company).with_context(lang=partner.lang)
        lines = [(0, 0, vals) for vals in own._checked(own._lines_of(snapshot))]
        move = own._collection(partner)
        known = move.line_ids
        if move:
            origin = f"{move.invoice_origin}, {self.aggregate_id}"
            same = self.aggregate_id in move.invoice_origin.split(", ")
            move.write(
                {
                    "invoice_line_ids": lines,
                    **({} if same else {"invoice_origin": origin}),
                }
            )
        else:
            move = own.env["account.move"].create(own._move_vals(partner, lines))
            self.begins = bool(self.collected_as) and not own._begun()
        self.move_id = move
        self.move_line_ids = (move.line_ids - known) & move.invoice_line_ids

    def _move_vals(self, partner, lines):
        """Return the values of a draft of its own."""
        return {
            "move_type": "out_refund" if self.kind == "credit" else "out_invoice",
            "company_id": self.company_id.id,
            "journal_id": self._sales_journal(partner).id,
            "partner_id": partner.id,
            "currency_id": self.currency_id.id,
            "invoice_origin": self.aggregate_id,
            "ref": self.reason,
            "invoice_user_id": self.order_id.user_id.id,
            "reversed_entry_id": self.corrects_id.move_id.id,
            "invoice_line_ids": lines,
        }

    def _collection(self, partner):
        """Return the draft that a row joins: that of its collection, as long as it is one."""
        moves = self.env["account.move"]
        if not self.collected_as:
            return moves
        return self._begun().move_id.filtered(
            lambda move: move.state == "draft" and move.partner_id == partner
        )[:1]

    def _begun(self):
        """Return the row that began the draft of the collection, where it is there still."""
        return self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("collected_as", "=", self.collected_as),
                ("begins", "=", True),
                ("move_id", "!=", False),
            ]
        )

    def _sales_journal(self, partner):
        """Return the journal of the company's invoices.

        :raise UserError: where its accounting is not set up
        """
        company = self.company_id
        journals = self.env["account.journal"]
        journal = journals.search(
            [
                ("company_id", "parent_of", company.id),
                ("type", "=", "sale"),
                ("default_account_id", "!=", False),
            ],
            limit=1,
        )
        if not journal or not partner.property_account_receivable_id:
            message = _(
                "%(company)s has no chart of accounts with a sales journal, so that nothing can be"
                " invoiced; set up its accounting, then retry.",
                company=company.name,
            )
            raise UserError(message)
        return journal

    def _lines_of(self, snapshot):
        """Return the values of the draft's lines, in the language of the customer."""
        if self.kind == "damage":
            name = _("Damage of %(rental)s", rental=self.aggregate_id)
            # No product: whether a tax applies to a compensation is the accountant's to say.
            return [{"name": name, "quantity": 1, "price_unit": self.amount, "tax_ids": []}]
        if self.kind == "late_fee":
            name = _("Late return of %(rental)s", rental=self.aggregate_id)
            lines = snapshot._late_lines(self.start, self.end)
            lines = [line for line in lines if line["amount"]] or lines[:1]
            return [
                self._line(line["product"], name, 1, amount) for line, amount in self._shares(lines)
            ]
        lines = snapshot._invoice_lines(self.start or None, self.end or None, self.number)
        return [
            self._line(line["product"], self._line_name(line), *self._units(line, amount))
            for line, amount in self._shares(lines)
        ]

    @api.model
    def _checked(self, lines):
        """Refuse prices with more decimals than accounting keeps, which would round them.

        :raise UserError: with what to do about it
        """
        name = "Product Price"
        digits = self.env["decimal.precision"].precision_get(name)
        for line in lines:
            if float_compare(round(line["price_unit"], digits), line["price_unit"], 6):
                message = _(
                    "The amount %(amount)s has more decimals than prices in accounting, which"
                    " would round it; set the decimal accuracy of “%(name)s” to at least"
                    " %(digits)s, then retry.",
                    amount=line["price_unit"],
                    name=name,
                    digits=self.currency_id.decimal_places,
                )
                raise UserError(message)
        return lines

    def _line(self, product, name, quantity, price):
        if self.start and self.end:
            start, end = (format_date(self.env, day) for day in (self.start, self.end))
            name = _("%(name)s, %(start)s – %(end)s", name=name, start=start, end=end)
        return {
            "product_id": product.id,
            "name": name,
            "quantity": quantity,
            "price_unit": price,
        }

    def _line_name(self, line):
        if not line["product"]:
            return _("Rental %(rental)s", rental=self.aggregate_id)
        name = line["product"].with_context(lang=self.env.lang).display_name
        if self.collected_as:  # the invoice is of several rentals, maybe
            return _("%(rental)s: %(product)s", rental=self.aggregate_id, product=name)
        return name

    def _shares(self, lines):
        """Yield each line with its part of the amount; the parts add up to it."""
        total, rest = sum(line["amount"] for line in lines), self.amount
        for line in lines[:-1]:
            part = self.currency_id.round(self.amount * line["amount"] / total) if total else 0
            rest -= part
            yield line, part
        yield lines[-1], self.currency_id.round(rest)

    def _units(self, line, amount):
        """Return ``(quantity, price)`` of a line; one piece where the price does not come out."""
        quantity = line["quantity"]
        price = self.currency_id.round(amount / quantity)
        if self.currency_id.compare_amounts(price * quantity, amount):
            return 1, amount
        return quantity, price
