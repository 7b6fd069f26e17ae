from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES


class EventDestinationFilter(models.Model):
    """Of which aggregate type, and of these which event type, a destination is told."""

    _name = "event.destination.filter"
    _inherit = "aggregate.label.mixin"
    _description = "Events of a Destination"
    _order = "model_name, event_type, id"
    _rec_name = "model_name"

    destination_id = fields.Many2one(
        "event.destination", required=True, index=True, ondelete="cascade"
    )
    model_name = fields.Char(
        string="Technical Record Type", required=True, help="Such as rental or counter."
    )
    event_type = fields.Char(help="The technical name of one event; all of them without it.")
    event_label = fields.Char(string="Event in Words", compute="_compute_event_label")
    is_gone = fields.Boolean(
        compute="_compute_is_gone", help="No handler knows it, so nothing of it will come."
    )

    @api.depends("model_name", "event_type")
    @api.depends_context("lang")
    def _compute_event_label(self):
        registry = self.env["snapshot.handler.registry"]
        for line in self:
            named = line.model_name and line.event_type
            line.event_label = (
                registry._event_label(line.model_name, line.event_type) if named else _("All")
            )

    @api.depends("model_name", "event_type")
    def _compute_is_gone(self):
        for line in self:
            line.is_gone = bool(line.model_name) and not line._is_known()

    def _is_known(self):
        registry = self.env["snapshot.handler.registry"]
        handler = registry._known_handler(self.model_name)
        if handler is None:
            return False
        known = registry._event_types(handler)
        former = handler._event_aliases
        # A handler that declares nothing may meet any.
        return (
            not self.event_type or not known or self.event_type in (*known, *former, *FAILURE_TYPES)
        )

    @api.constrains("model_name", "event_type")
    def _check_known(self):
        registry = self.env["snapshot.handler.registry"]
        for line in self:
            if line._is_known():
                continue
            handler = registry._known_handler(line.model_name)
            if handler is None:
                raise ValidationError(
                    _(
                        "There is no record type %(name)s; those that there are: %(names)s.",
                        name=line.model_name,
                        names=", ".join(sorted(registry._handler_names())),
                    )
                )
            raise ValidationError(
                _(
                    "%(type)s has no event %(name)s; those that it has: %(names)s.",
                    type=line.model_name,
                    name=line.event_type,
                    names=", ".join(registry._event_types(handler)),
                )
            )
