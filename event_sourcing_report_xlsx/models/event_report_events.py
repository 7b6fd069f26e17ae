from odoo import _, api, models


class EventReportEvents(models.AbstractModel):
    """What happened in the period: a row per event, as it happened."""

    _inherit = "event.report.content"

    @api.model
    def _sheets_of_events(self, options):
        events = self.env["event.store"]
        known = events.fields_get(attributes=["string"])
        sheet = {
            "key": "events",
            "title": _("Events"),
            "empty": _("There are no events in this period."),
            "columns": [
                self._column(known["timestamp"]["string"], "datetime"),
                self._column(known["event_label"]["string"]),
                self._column(known["aggregate_label"]["string"]),
                self._column(known["aggregate_id"]["string"]),
                self._column(known["version"]["string"], "number"),
                self._column(known["outcome"]["string"]),
                self._column(known["reason"]["string"]),
                self._column(known["payload"]["string"]),
                self._column(known["create_uid"]["string"]),
                self._column(known["company_id"]["string"]),
            ],
        }
        # A failure event about a stored one says again what that says with its reason.
        domain = [*self._period_domain("timestamp", options), ("failed_event_id", "=", False)]
        return [(sheet, events.search(domain, order="timestamp, id").ids)]

    @api.model
    def _cells_of_events(self, _sheet, record_ids, _options):
        events = self.env["event.store"].search([("id", "in", record_ids)], order="timestamp, id")
        outcomes = dict(events._fields["outcome"]._description_selection(self.env))
        users = self._names(events.create_uid)
        companies = self._names(events.company_id)
        payloads = self._payload_texts(events)
        return [
            [
                self._cell(event.timestamp, "datetime"),
                self._cell(event.event_label, "char"),
                self._cell(event.aggregate_label, "char"),
                self._cell(event.aggregate_id, "char"),
                event.version,
                outcomes.get(event.outcome, event.outcome),
                self._cell(event.reason, "char"),
                self._cell(payload, "char"),
                users.get(event.create_uid.id),
                companies.get(event.company_id.id),
            ]
            for event, payload in zip(events, payloads, strict=True)
        ]
