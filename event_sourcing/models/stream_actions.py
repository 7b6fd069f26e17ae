from odoo import _, api, fields, models


class EventStreamActions(models.Model):
    """From a stream to its events."""

    _name = "event.stream"
    _inherit = ["event.stream", "aggregate.label.mixin"]

    model_name = fields.Char(string="Technical Record Type")
    source_name = fields.Char(string="Business Record", compute="_compute_source")
    source_model = fields.Char(string="Business Model", compute="_compute_source")
    source_id = fields.Integer(string="Business Record ID", compute="_compute_source")

    @api.depends("model_name", "aggregate_id", "company_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_source(self):
        registry = self.env["snapshot.handler.registry"]
        for model_name, streams in self.grouped("model_name").items():
            keys = {stream: (stream.company_id.id, stream.aggregate_id) for stream in streams}
            records = registry._source_records(model_name, keys.values())
            for stream in streams:
                record = records.get(keys[stream])
                stream.source_name = record.display_name if record else False
                stream.source_model = record._name if record else False
                stream.source_id = record.id if record else False

    def action_open_source(self):
        """Open the business record whose history this is."""
        self.ensure_one()
        if not self.source_id:
            return False
        return {
            "type": "ir.actions.act_window",
            "name": self.source_name,
            "res_model": self.source_model,
            "res_id": self.source_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def _open_timeline(self, kinds=()):
        """Return the action that shows the stream as a timeline.

        :param kinds: outcomes that it begins with; all by default
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("History of %(record)s", record=self.aggregate_id),
            "res_model": "event.stream",
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {"timeline_kinds": list(kinds)},
        }

    def action_open_events(self):
        """Open the events of the stream."""
        self.ensure_one()
        events = self.env["event.store"]
        return events._open_stream(self.model_name, self.company_id.id, self.aggregate_id)


class SnapshotActions(models.AbstractModel):
    """From a snapshot to the events that it was folded from."""

    _inherit = "snapshot.mixin"

    def action_open_events(self):
        """Open the events of the aggregate."""
        self.ensure_one()
        events = self.env["event.store"]
        return events._open_stream(self.model_name, self.company_id.id, self.aggregate_id)
