from odoo import _, api, models
from odoo.tools.misc import formatLang


class RentalPriceWords(models.AbstractModel):
    """How people say periods and prices: "1 month + 2 weeks: 45,000 ¥"."""

    _name = "rental.price.words"
    _description = "Words for Rental Prices"

    @api.model
    def _parts(self, parts):
        """Return ``((period, how many), …)`` in words."""
        return " + ".join(self._count(period, count) for period, count in parts)

    @api.model
    def _count(self, period, count):
        """Return so many periods in words."""
        match period, count == 1:
            case "month", True:
                return _("1 month")
            case "month", False:
                return _("%(count)s months", count=count)
            case "week", True:
                return _("1 week")
            case "week", False:
                return _("%(count)s weeks", count=count)
            case "day", True:
                return _("1 day")
            case "day", False:
                return _("%(count)s days", count=count)
        return _("whole rental")

    @api.model
    def _per(self, period):
        """Return for what a price is, to stand behind an amount."""
        words = {"day": _("per day"), "week": _("per week"), "month": _("per month")}
        return words.get(period) or _("for the whole rental")

    @api.model
    def _offer(self, parts, amount, currency):
        """Return of what an amount is made, in words."""
        shown = self._money(amount, currency)
        if not parts:
            return shown
        return _("%(periods)s: %(amount)s", periods=self._parts(parts), amount=shown)

    @api.model
    def _no_rate(self, known, wanted):
        """Return why a product of another currency has no price to propose."""
        return _(
            "no price: there is no exchange rate from %(known)s to %(wanted)s",
            known=known.name,
            wanted=wanted.name,
        )

    @api.model
    def _money(self, amount, currency):
        return formatLang(self.env, amount, currency_obj=currency)
