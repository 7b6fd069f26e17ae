from odoo import api, fields, models

from .handler_description import DEFAULT_ICON


class SnapshotHandlerEventType(models.Model):
    """The event types that the handlers declare: a row per aggregate type and event."""

    _name = "snapshot.handler.event.type"
    _description = "Event Type of a Handler"
    _inherit = "handler.listing.mixin"
    _auto = False
    _order = "model_name, sequence, id"
    _rec_name = "label"

    entry_id = fields.Many2one("event.handler", string="Handler", readonly=True)
    model_name = fields.Char(string="Record Type", readonly=True)
    event_type = fields.Char(string="Technical Name", readonly=True)
    label = fields.Char(string="Event", readonly=True)
    icon = fields.Char(readonly=True)
    help = fields.Char(string="Meaning", readonly=True)
    sequence = fields.Integer(readonly=True)
    sources = fields.Char(string="Possible While", readonly=True)
    target = fields.Char(string="Leads To", readonly=True)
    payload_keys = fields.Char(
        string="Payload", compute="_compute_payload_keys", help="Required values have a star."
    )
    boundary_labels = fields.Char(
        string="Boundaries",
        compute="_compute_boundary_labels",
        help="The rules over several records that decide about it.",
    )

    @api.depends("model_name", "event_type")
    @api.depends_context("lang")
    def _compute_boundary_labels(self):
        boundaries = self.env["event.boundary"]
        for event_type in self:
            found = boundaries._deciders(event_type.model_name, event_type.event_type)
            event_type.boundary_labels = ", ".join(label for _name, label in found)

    @api.depends("model_name", "event_type")
    @api.depends_context("lang")
    def _compute_payload_keys(self):
        registry = self.env["snapshot.handler.registry"]
        for event_type in self:
            handler = registry._known_handler(event_type.model_name)
            declared = {}
            if handler is not None:
                declared = handler._payload_fields.get(event_type.event_type, {})
            event_type.payload_keys = ", ".join(
                handler._payload_label(key) + ("*" if field.required else "")
                for key, field in declared.items()
            )

    def _catalogue_rows(self):
        registry = self.env["snapshot.handler.registry"]
        rows = []
        for model_name in registry._handler_names():
            handler = registry._known_handler(model_name)
            if handler is None:
                continue
            statuses = handler._status_labels()
            help_texts = handler._event_help()
            for number, (event_type, rule) in enumerate(handler._transitions.items()):
                rows.append(
                    {
                        "id": self._stable_id(model_name, event_type),
                        "entry_id": self._stable_id(model_name),
                        "model_name": model_name,
                        "event_type": event_type,
                        "label": handler._event_label(event_type),
                        "icon": handler._event_icons.get(event_type, DEFAULT_ICON),
                        "help": help_texts.get(event_type, ""),
                        "sequence": number,
                        "sources": ", ".join(statuses.get(s, s) for s in rule.sources),
                        "target": ", ".join(statuses.get(t, t) for t in rule.targets) or None,
                    }
                )
        return rows
