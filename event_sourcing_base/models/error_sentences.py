from odoo import _, api, models
from odoo.exceptions import UserError

from ..canonical_json import MAX_PAYLOAD_DEPTH, storable
from ..db_errors import db_error_kind, is_last_try

MAX_PATH = 128


class ErrorSentences(models.AbstractModel):
    """What people are told of JSON that is none, and of a database that cannot."""

    _name = "error.sentences.mixin"
    _description = "Errors in Sentences"

    @api.model
    def _explain_not_json(self, error):
        """Return one sentence for a :class:`InvalidJson`, in the user's language."""
        where = storable(error.path[:MAX_PATH]) or _("the payload")
        value = storable(error.value)
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
        if error.reason == "twice":
            return _("The JSON gives the key %(key)s twice; keep one of them.", key=value)
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
