from odoo import _, api, fields, models
from odoo.exceptions import UserError

BY_TEXT = {
    "=": str.__eq__,
    "in": lambda text, values: text in values,
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
        if operator not in BY_TEXT:
            raise UserError(_("Search record types by their name or a part of it."))
        registry = self.env["snapshot.handler.registry"]
        names = [
            stream_name
            for name in registry._handler_names()
            if BY_TEXT[operator](registry._aggregate_label(name), value)
            for stream_name in registry._stream_names(name)
        ]
        return ["|", ("model_name", "in", names), ("model_name", operator, value)]
