from odoo import _, fields, models


class EventStreamActions(models.Model):
    """From a stream to its events."""

    _name = "event.stream"
    _inherit = ["event.stream", "aggregate.label.mixin", "source.link.mixin"]

    model_name = fields.Char(string="Technical Record Type")

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
