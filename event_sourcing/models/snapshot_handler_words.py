from odoo import _, api, models

from ..words import spaced, titled


class SnapshotHandlerWords(models.AbstractModel):
    """Words that follow from what a handler declares."""

    _inherit = "snapshot.handler"

    @api.model
    def _event_label(self, event_type):
        """Return what people call an event type: its label, or its name in words."""
        return self._event_labels().get(event_type) or spaced(event_type)

    @api.model
    def _payload_label(self, key):
        """Return what people call a key of a payload: its label, its column's, or words."""
        label = self._payload_labels().get(key)
        snapshots = self.env.get(self._snapshot_model)
        if not label and snapshots is not None and key in snapshots._typed_columns():
            label = snapshots._fields[key]._description_string(self.env)
        return label or titled(key)

    @api.model
    def _event_types(self):
        """Return the event types that the handler declares, in its own order."""
        return list(dict.fromkeys([*self._transitions, *self._event_labels()]))

    @api.model
    def _rule_sentence(self, event_type):
        """Return in words when an event is possible, and where it leads."""
        rule = self._transitions.get(event_type)
        if rule is None:
            return _("Always possible.")
        labels = self._status_labels()
        sources = ", ".join(labels.get(name, name) for name in rule.sources)
        target = rule.target and labels.get(rule.target, rule.target)
        if sources and target:
            return _(
                "Possible while the status is %(sources)s; leads to %(target)s.",
                sources=sources,
                target=target,
            )
        if sources:
            return _("Possible while the status is %(sources)s.", sources=sources)
        if target:
            return _("Always possible; leads to %(target)s.", target=target)
        return _("Always possible.")
