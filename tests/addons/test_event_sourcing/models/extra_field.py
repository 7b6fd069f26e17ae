from odoo import fields, models


class EventStore(models.Model):
    _inherit = "event.store"

    channel = fields.Char(default="backend")
