from odoo import api, models

# Of a failure event; its own columns and screens say the same, or too much for a cell.
LEFT_OUT = {"traceback", "failed_payload", "failed_event_uuid", "error_message", "error_class"}
MAX_VALUES = 200


class EventReportPayload(models.AbstractModel):
    """What an event says, as labelled text on one line."""

    _inherit = "event.report.content"

    @api.model
    def _payload_texts(self, events):
        """Return a text for each event, such as ``Quantity: 2; Monthly price: 12,000``."""
        words, known = {}, {}
        return [self._payload_text(event, words, known) for event in events]

    @api.model
    def _payload_text(self, event, all_words, known):
        """Return the text of one event.

        :param dict all_words: what is known about keys, by kind of event
        :param dict known: texts of values seen before; putting one in words may ask the database
        """
        documents = self.env["event.document"]
        kind = event.model_name, event.event_type, event.schema_version
        if kind not in all_words:
            all_words[kind] = documents._labels(*kind)
        words = all_words[kind]
        payload = documents._in_order(event.payload or {}, words)
        parts = []
        for path, value in documents._leaves(payload):
            if path[0] in LEFT_OUT or value in (None, "", [], {}):
                continue
            key = kind, path, repr(value)
            if key not in known:
                label = " › ".join(documents._step_label(step, words) for step in path)
                text = documents._readable(path, value, words)
                known[key] = f"{label}: {' '.join(text.split())}"
            parts.append(known[key])
            if len(parts) == MAX_VALUES:
                parts.append("…")
                break
        return "; ".join(parts)
