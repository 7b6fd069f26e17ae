import logging

from odoo import api, models

_logger = logging.getLogger(__name__)


class EventAlert(models.AbstractModel):
    """Where the engine tells people that something needs them.

    Here it is only logged: the engine knows no mail. An addon that does inherits this
    model and gives every manager one activity per key.
    """

    _name = "event.alert"
    _description = "Alert"

    @api.model
    def _raise_alert(self, key, model, res_id, summary, note="", company=None):
        """Tell the managers once; again only after the alert was cleared.

        :param str key: what the alert is about, such as ``drift:rental``; calls with the
            same key are one alert until it is cleared
        :param str model: of the record to open
        :param int res_id: its id
        :param summary: one line of text, or a function of an environment that returns it
            in the language of that environment
        :param note: more of it, likewise
        :param company: a ``res.company`` record where only its managers are concerned
        """
        text = summary(self.env) if callable(summary) else summary
        _logger.warning("%s: %s (%s,%s)", key, text, model, res_id)

    @api.model
    def _clear_alert(self, key):
        """Say that an alert needs nobody any more; one that is unknown is no error."""
        _logger.info("%s: cleared", key)

    @api.model
    def _where_to_look(self):
        """Return ``(model, id)`` of what an alert about the whole store opens; a hook."""
        return "event.alert", False
