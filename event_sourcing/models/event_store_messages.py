from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

from ..canonical_json import MAX_PAYLOAD_DEPTH
from ..db_errors import db_error_kind, is_last_try
from ..declared import MAX_NAME
from ..event_columns import DECIDED_BY_STORE


class EventStoreMessages(models.Model):
    """What people are told of input that is refused, and of a database that cannot."""

    _inherit = "event.store"

    @api.model
    def _explain_not_json(self, error):
        """Return one sentence for a :class:`InvalidJson`, in the user's language."""
        where = self._storable(error.path[:MAX_NAME]) or _("the payload")
        value = self._storable(error.value)
        if error.reason == "nan":
            return _("%(where)s is no finite number: JSON knows no NaN or infinity.", where=where)
        if error.reason == "null_character":
            return _("%(where)s holds a null character, which cannot be stored.", where=where)
        if error.reason == "surrogate":
            return _("%(where)s holds half a character; send valid Unicode text.", where=where)
        if error.reason == "integer":
            return _("%(where)s is too large for a number; send it as text.", where=where)
        if error.reason == "digits":
            return _(
                "%(value)s in %(where)s has more digits than a number can keep; send it as text.",
                value=value,
                where=where,
            )
        if error.reason == "depth":
            return _(
                "The payload is nested too deeply: at most %(limit)s levels are allowed.",
                limit=MAX_PAYLOAD_DEPTH,
            )
        if error.reason == "key":
            return _(
                "The key %(key)s in %(where)s is no text; JSON keys are texts.",
                key=value,
                where=where,
            )
        return _(
            "%(where)s is a %(type)s, which JSON cannot hold; send dates as text like"
            " 2026-01-31 and amounts as numbers.",
            where=where,
            type=value,
        )

    @api.model
    def _explain_db_error(self, error):
        """Return what to tell the user about a database error, None where Odoo tries again."""
        kind = db_error_kind(error)
        if kind == "conflict" and is_last_try(self.env.cr):
            return UserError(
                _(
                    "Too many people changed the same record at the same moment. Nothing was"
                    " stored; please try again."
                )
            )
        if kind == "lost":
            return UserError(
                _(
                    "The connection to the database was lost. Nothing was stored; please try"
                    " again, with the same UUIDs where you gave some."
                )
            )
        if kind == "canceled":
            return UserError(
                _(
                    "The database stopped this because it took too long. Nothing was stored;"
                    " please try again later, or with fewer events at once."
                )
            )
        if kind == "resources":
            return UserError(
                _(
                    "The database cannot store anything at present (%(reason)s). Nothing was"
                    " stored; tell your administrator, then try again.",
                    reason=str(error).strip().splitlines()[0],
                )
            )
        return None

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
        decided = sorted(DECIDED_BY_STORE.intersection(vals))
        if decided:
            raise UserError(
                _(
                    "%(names)s cannot be given for an event: the event store decides it.",
                    names=", ".join(decided),
                )
            )
        unknown = sorted(str(name) for name in vals if name not in self._fields)
        if unknown:
            raise UserError(
                _(
                    "An event has no %(names)s; leave it out or put it into the payload.",
                    names=", ".join(unknown)[:MAX_NAME],
                )
            )
