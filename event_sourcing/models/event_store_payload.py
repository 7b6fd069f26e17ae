from odoo import _, api, models
from odoo.exceptions import UserError

from ..canonical_json import (
    MAX_BYTES,
    MAX_PAYLOAD_DEPTH,
    NotJson,
    canonical,
    normalise,
    parse_object,
)
from .event_store_input import MAX_NAME


class EventStorePayload(models.Model):
    """A payload is a JSON object that PostgreSQL gives back as it was."""

    _inherit = "event.store"

    @api.model
    def _clean_payload(self, payload):
        """Return the payload as a normalised object, and in its canonical spelling.

        :param payload: a dict, the text of a JSON object, or None for ``{}``
        """
        if payload is None or payload is False:
            return {}, "{}"
        try:
            if isinstance(payload, str):
                payload = parse_object(payload)
            if not isinstance(payload, dict):
                raise TypeError(type(payload))
            payload = normalise(payload, MAX_PAYLOAD_DEPTH)
        except NotJson as error:
            raise UserError(self._explain_not_json(error)) from error
        except (TypeError, ValueError) as error:
            raise UserError(
                _('The payload must be a JSON object, such as {"reason": "broken"}.')
            ) from error
        text = canonical(payload)
        size = len(text.encode())
        if size > MAX_BYTES:
            raise UserError(
                _(
                    "The payload is too large: %(size)s KiB, at most %(limit)s KiB are allowed;"
                    " keep files as attachments and their names in the payload.",
                    size=-(-size // 1024),
                    limit=MAX_BYTES // 1024,
                )
            )
        return payload, text

    @api.model
    def _explain_not_json(self, error):
        """Return one sentence for a :class:`NotJson`, in the user's language."""
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
