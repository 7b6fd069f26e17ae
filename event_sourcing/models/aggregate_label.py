from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import several

BY_TEXT = {
    "=": str.__eq__,
    "in": str.__eq__,
    "like": lambda text, part: part in text,
    "ilike": lambda text, part: part.casefold() in text.casefold(),
}


class AggregateLabel(models.AbstractModel):
    """What people call an aggregate type, for models with a ``model_name``."""

    _name = "aggregate.label.mixin"
    _inherit = "access.first.mixin"
    _description = "Record Type in Words"

    aggregate_label = fields.Char(
        string="Record Type",
        compute="_compute_aggregate_label",
        search="_search_aggregate_label",
        help="What kind of thing it is about.",
    )

    @api.depends("model_name")
    @api.depends_context("lang")
    def _compute_aggregate_label(self):
        registry = self.env["snapshot.handler.registry"]
        labels = {name: registry._aggregate_label(name) for name in set(self.mapped("model_name"))}
        for record in self:
            record.aggregate_label = labels[record.model_name]

    @api.model
    def _search_aggregate_label(self, operator, value):
        """Find aggregate types by what people call them, and others by their technical name."""
        asked = list(value) if operator == "in" and several(value) else [value]
        if operator not in BY_TEXT or not all(isinstance(name, str) for name in asked):
            raise UserError(_("Search record types by their name or a part of it."))
        registry = self.env["snapshot.handler.registry"]
        names = [
            stream_name
            for name in registry._handler_names()
            if any(BY_TEXT[operator](registry._aggregate_label(name), text) for text in asked)
            for stream_name in registry._stream_names(name)
        ]
        plain = ("model_name", operator, asked if operator == "in" else value)
        return ["|", ("model_name", "in", names), plain]
