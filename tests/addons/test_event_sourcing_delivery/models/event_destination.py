"""A destination that is a list, and answers as the tests say."""

import json

from odoo import fields, models

from odoo.addons.event_sourcing_delivery.message import DONE, Result


class Inbox:
    """What was sent, in this process, and how the receiver behaves."""

    def __init__(self):
        self.taken = []
        self.behave = lambda message: Result(DONE, "taken")

    def send(self, message):
        """Take a message, or not."""
        result = self.behave(message)
        if result.state == DONE:
            self.taken.append(message)
        return result

    def close(self):
        """Nothing is open."""

    def payloads(self, aggregate_id):
        """Return the amounts that came of an aggregate, in order."""
        return [
            json.loads(message.body)["data"]["amount"]
            for message in self.taken
            if message.aggregate_id == aggregate_id
        ]


inbox = Inbox()


class EventDestination(models.Model):
    _inherit = "event.destination"

    kind = fields.Selection(selection_add=[("list", "List")], ondelete={"list": "cascade"})

    def _sender_list(self):
        return lambda: inbox
