from odoo import fields, models


class EventStore(models.Model):
    _inherit = "event.store"

    channel = fields.Char(default="backend")
    desk = fields.Selection([("left", "Left"), ("right", "Right")])
    boxes = fields.Integer()
    urgent = fields.Boolean()
    due_on = fields.Date()
