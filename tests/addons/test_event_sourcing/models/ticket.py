from odoo import fields, models

from odoo.addons.event_sourcing.transitions import PayloadField, Transition


class Ticket(models.Model):
    """A business record whose history is a stream."""

    _name = "test.ticket"
    _description = "Ticket"
    _inherit = "event.source.mixin"
    _aggregate_model = "ticket"

    name = fields.Char(required=True)
    title = fields.Char()
    due = fields.Date()
    hours = fields.Integer()
    company_id = fields.Many2one("res.company", default=lambda self: self.env.company)


class TicketSnapshotHandler(models.AbstractModel):
    """A toy domain that declares all that a screen can show."""

    _name = "ticket.snapshot.handler"
    _description = "Ticket Handler"
    _inherit = "snapshot.handler"
    _source_model = "test.ticket"
    _initial_status = "new"
    _transitions = {"Opened": Transition("new", "open"), "Solved": Transition("open", "done")}
    _payload_fields = {
        "Opened": {
            "title": PayloadField(required=True),
            "due": PayloadField("date"),
            "called": PayloadField("datetime"),
            "hours": PayloadField("integer", minimum=0),
            "price": PayloadField("number"),
            "urgent": PayloadField("boolean"),
            "partner_id": PayloadField("integer", model="res.partner"),
        }
    }

    def _event_labels(self):
        return {"Opened": "Ticket opened", "Solved": "Ticket solved"}

    def _status_labels(self):
        return {"new": "New", "open": "In progress", "done": "Done"}

    def _payload_labels(self):
        return {"title": "What is wrong", "partner_id": "Customer", "lines": "Parts"}
