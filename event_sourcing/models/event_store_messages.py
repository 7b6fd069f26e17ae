from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing_base.names import MAX_NAME

from ..event_columns import DECIDED_BY_STORE, GIVEN


class EventStoreMessages(models.Model):
    """What callers are told of companies and of keys that are not theirs to give."""

    _inherit = "event.store"

    @api.model
    def _check_company(self, company_id):
        """Return the id of a company in which the user may append events, and read its streams."""
        if company_id in self.env.companies.ids:
            return company_id
        if not self.env.su:
            raise AccessError(
                _(
                    "You have no access to the company with the id %(id)s; switch to that"
                    " company or ask your administrator.",
                    id=company_id,
                )
            )
        if not self.env["res.company"].browse(company_id).exists():
            raise UserError(_("There is no company with the id %(id)s.", id=company_id))
        return company_id

    @api.model
    def _check_keys(self, vals):
        """Refuse names that no event is given, and values that other addons' fields cannot take."""
        decided = sorted(DECIDED_BY_STORE.intersection(vals))
        if decided:
            raise UserError(
                _(
                    "%(names)s cannot be given for an event: the event store decides it.",
                    names=", ".join(decided),
                )
            )
        unknown = sorted(str(name) for name in vals if not self._is_given(name))
        if unknown:
            raise UserError(
                _(
                    "An event has no %(names)s; leave it out or put it into the payload.",
                    names=", ".join(unknown)[:MAX_NAME],
                )
            )
        for name in vals.keys() - GIVEN:
            self._check_value(name, vals[name])

    @api.model
    def _is_given(self, name):
        """Whether an event can be given a field: what only shows others would vanish unsaid."""
        field = self._fields.get(name)
        return field is not None and bool(field.store or not field.compute or field.inverse)
