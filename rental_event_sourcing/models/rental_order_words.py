from odoo import _, api, models
from odoo.tools import format_amount

MAX_REASONS = 10


class RentalOrderWords(models.AbstractModel):
    """What a person is about to do with rentals, and what was done."""

    _name = "rental.order.words"
    _description = "Words for What Is Done with Rentals"

    @api.model
    def _action_label(self, event_type):
        """Return what the button says that records an event, in the language of the user."""
        labels = {
            "RentalPlanned": _("Plan rental"),
            "PlanChanged": _("Change plan"),
            "DemoStarted": _("Start demo"),
            "DemoExtended": _("Extend demo"),
            "DemoCancelled": _("Cancel demo"),
            "RentalConfirmed": _("Confirm rental"),
            "RentalCancelled": _("Cancel rental"),
            "EquipmentDelivered": _("Deliver equipment"),
            "UnitsAssigned": _("Assign units"),
            "DeliveryCorrected": _("Correct delivery"),
            "RentalExtended": _("Extend rental"),
            "RentalShortened": _("Shorten rental"),
            "ProductExchanged": _("Exchange product"),
            "PriceChanged": _("Change price"),
            "DamageReported": _("Report damage"),
            "EquipmentReturned": _("Return equipment"),
            "ReturnCorrected": _("Correct return"),
            "RentalInvoiced": _("Invoice rental"),
            "ContractAgreed": _("Agree to contract"),
            "ReturnReminded": _("Remind of the return"),
            "RentalClosed": _("Close rental"),
        }
        return labels.get(event_type) or self._event_label(event_type)

    @api.model
    def _event_label(self, event_type):
        return self.env["rental.snapshot.handler"]._event_label(event_type)

    @api.model
    def _done_words(self, rentals):
        """Return ``{event type: what was done}``, without a full stop.

        :param str rentals: the name of one, or how many
        """
        return {
            "RentalPlanned": _("%(rentals)s planned", rentals=rentals),
            "PlanChanged": _("Plan of %(rentals)s changed", rentals=rentals),
            "DemoStarted": _("Demo of %(rentals)s started", rentals=rentals),
            "DemoExtended": _("Demo of %(rentals)s extended", rentals=rentals),
            "DemoCancelled": _("Demo of %(rentals)s cancelled", rentals=rentals),
            "RentalConfirmed": _("%(rentals)s confirmed", rentals=rentals),
            "RentalCancelled": _("%(rentals)s cancelled", rentals=rentals),
            "EquipmentDelivered": _("Equipment of %(rentals)s delivered", rentals=rentals),
            "UnitsAssigned": _("Units assigned to %(rentals)s", rentals=rentals),
            "DeliveryCorrected": _("Delivery of %(rentals)s corrected", rentals=rentals),
            "RentalExtended": _("%(rentals)s extended", rentals=rentals),
            "RentalShortened": _("%(rentals)s shortened", rentals=rentals),
            "ProductExchanged": _("Product of %(rentals)s exchanged", rentals=rentals),
            "PriceChanged": _("Price of %(rentals)s changed", rentals=rentals),
            "DamageReported": _("Damage reported for %(rentals)s", rentals=rentals),
            "EquipmentReturned": _("Equipment of %(rentals)s returned", rentals=rentals),
            "ReturnCorrected": _("Return of %(rentals)s corrected", rentals=rentals),
            "RentalInvoiced": _("%(rentals)s invoiced", rentals=rentals),
            "ContractAgreed": _("Contract of %(rentals)s agreed", rentals=rentals),
            "ReturnReminded": _("Customer of %(rentals)s reminded", rentals=rentals),
            "RentalClosed": _("%(rentals)s closed", rentals=rentals),
        }

    @api.model
    def _done_sentence(self, event_type, names):
        """Return what was done with rentals.

        :param str event_type: one that rentals know
        :param list names: of the rentals, one or more
        """
        one = len(names) == 1
        rentals = names[0] if one else _("%(count)s rentals", count=len(names))
        done = self._done_words(rentals).get(event_type)
        if one and done:
            return _("%(done)s.", done=done)
        done = done or self._event_label(event_type)  # of an addon that adds events
        return _("%(done)s: %(names)s.", done=done, names=self._listed(names))

    @api.model
    def _message(self, done, refused, count):
        """Return what became of events that were recorded about many records, as lines of text.

        :param str done: the sentence about those that were applied, empty without any
        :param dict refused: ``{reason: names of the records}``
        :param int count: of how many records an event was recorded
        """
        lines = [done] if done else []
        if refused and count > 1:
            lines.append(_("%(count)s rejected:", count=sum(map(len, refused.values()))))
        lines += self._reason_lines(dict(list(refused.items())[:MAX_REASONS]))
        if len(refused) > MAX_REASONS:
            lines.append(_("… and %(count)s more.", count=len(refused) - MAX_REASONS))
        return "\n".join(lines)

    @api.model
    def _reason_lines(self, reasons):
        """Return a line for each of ``{reason: names}``."""
        return [
            _("%(name)s: %(reason)s", name=self._listed(names), reason=reason)
            for reason, names in reasons.items()
        ]

    @api.model
    def _sums(self, amounts):
        """Return ``{currency: sum}`` of ``(currency, amount)``, in their order."""
        sums = {}
        for currency, amount in amounts:
            sums[currency] = sums.get(currency, 0) + amount
        return sums

    @api.model
    def _amounts(self, sums):
        """Return ``{currency: amount}`` in words, such as ``$ 1.00 + ¥ 2``."""
        shown = (format_amount(self.env, amount, currency) for currency, amount in sums.items())
        return " + ".join(shown)

    @api.model
    def _pieces_of(self, quantity, product):
        """Return a line of a rental in words, such as ``3 × Lift``."""
        return _("%(quantity)s × %(product)s", quantity=quantity, product=product)

    @api.model
    def _listed(self, names, limit=10):
        """Return names in a row, and how many more there are after the first ones."""
        text = ", ".join(names[:limit])
        if len(names) > limit:
            text = _("%(names)s and %(count)s more", names=text, count=len(names) - limit)
        return text
