from odoo import api, models

from odoo.addons.event_sourcing.exceptions import RuleViolation


class RentalSaidRules(models.AbstractModel):
    """What the rules of rentals and of what is owned share: values that are given."""

    _name = "rental.said.rules"
    _description = "Rules of What Must Be Said"

    @api.model
    def _refuse_missing(self, event_type, key):
        """Refuse an event for a value that its payload lacks, as the engine would.

        :raise RuleViolation: always
        """
        sentence = self._payload_refusal(key, self._payload_fields[event_type][key], "missing")
        raise RuleViolation(sentence, f"payload:{key}:missing")

    @api.model
    def _check_said(self, event_type, key, given):
        """Refuse a text that is left out, or of nothing but blanks."""
        if not str(given.get(key, "")).strip():
            self._refuse_missing(event_type, key)
