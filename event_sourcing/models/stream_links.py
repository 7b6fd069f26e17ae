from odoo import models


class EventStreamDisplay(models.Model):
    """From a stream to its events."""

    _inherit = "event.stream"

    def action_open_events(self):
        """Open the events of the stream."""
        self.ensure_one()
        return self.env["event.store"]._open_stream(self.model_name, self.aggregate_id)


class SnapshotDisplay(models.AbstractModel):
    """From a snapshot to the events that it was folded from."""

    _inherit = "snapshot.mixin"

    def action_open_events(self):
        """Open the events of the aggregate."""
        self.ensure_one()
        return self.env["event.store"]._open_stream(self.model_name, self.aggregate_id)
