from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.event import EventData


class RentalForecast(models.AbstractModel):
    """What would become of an event, said before it is recorded; for records with a stream."""

    _name = "rental.forecast.mixin"
    _description = "Forecast of What Is Done"

    def _forecast(self, event_type, payload=None):
        """Return ``{record: why an event about it would be refused, or None}``; nothing is stored.

        :param str event_type: one of the handler's
        :param dict payload: the same for all
        :return: the errors, each a UserError
        """
        store = self.env["event.store"].sudo()._with_user_lang()
        handler = store._find_handler(self._aggregate_model)
        keys = self._stream_keys()
        states = handler._load_states(self._aggregate_model, list(keys.values()))
        found = {}
        for record, (company_id, aggregate_id) in keys.items():
            vals = {
                "model_name": self._aggregate_model,
                "aggregate_id": aggregate_id,
                "event_type": event_type,
                "payload": payload or {},
                "company_id": company_id,
            }
            found[record] = None
            try:
                (clean,) = store._clean_all([vals])
                event = EventData.from_vals({**clean, "version": 1, "event_uuid": ""}, self.env.uid)
                handler._fold_new(dict(states[company_id, aggregate_id]), event)
            except UserError as error:
                found[record] = error
        return found

    @api.model
    def _forecast_sentence(self, refusals):
        """Return what would be done and what not, with the reasons, as lines of text.

        :param dict refusals: see :meth:`_forecast`
        """
        reasons = {}
        for record, error in refusals.items():
            if error is not None:
                reasons.setdefault(str(error), []).append(record.display_name)
        refused = sum(map(len, reasons.values()))
        done = len(refusals) - refused
        if not refused:
            return _("%(done)s will be done.", done=done)
        first = _("%(done)s will be done, %(refused)s not:", done=done, refused=refused)
        return "\n".join([first, *self.env["rental.order.words"]._reason_lines(reasons)])
