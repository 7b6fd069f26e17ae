"""What people see of boundaries: words for events and progress, and what buttons open."""

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .event_boundary import SUFFIX

LIST = {
    "type": "ir.actions.act_window",
    "view_mode": "list,kanban,form",
    "mobile_view_mode": "kanban",
    "views": [(False, "list"), (False, "kanban"), (False, "form")],
}


class EventBoundary(models.AbstractModel):
    _inherit = "event.boundary"

    @api.model
    def _label_of(self, name):
        """Return what people call a boundary; its name where it is gone."""
        model = self._names().get(name)
        return (model and self.env["ir.model"].sudo()._get(model).name) or name

    @api.model
    def _over(self, model_name):
        """Return the names of the boundaries over an aggregate type, also of those that are off."""
        model_name = self.env["snapshot.handler.registry"]._canonical_name(model_name)
        names = self._names().items()
        return [name for name, model in names if model_name in self.env[model]._event_types()]

    @api.model
    def _deciders(self, model_name, event_type):
        """Return ``[(name, label)]`` of the boundaries that decide about an event type."""
        models = self._guarded().get(model_name, {}).get(event_type, ())
        names = [model.removesuffix(SUFFIX) for model in models]
        return [(name, self._label_of(name)) for name in names]


class EventBoundaryStatus(models.Model):
    _inherit = "event.boundary.status"

    label = fields.Char(string="Boundary", compute="_compute_label")
    about = fields.Text(
        compute="_compute_label", string="Events", help="The events that it decides about."
    )
    problem = fields.Text(compute="_compute_label", string="What Is Wrong")
    progress = fields.Char(compute="_compute_progress", help="Histories, then keys.")
    key_count = fields.Integer(compute="_compute_key_count", string="Keys")

    @api.depends("boundary")
    @api.depends_context("lang")
    def _compute_label(self):
        boundaries = self.env["event.boundary"]
        for row in self:
            model = boundaries._names().get(row.boundary)
            row.label, row.about = boundaries._label_of(row.boundary), False
            if model is None:
                row.problem = _("Its addon is not installed; it decides nothing.")
                continue
            boundary = self.env[model]
            row.about = "\n".join(self._about(*item) for item in boundary._event_types().items())
            row.problem = "\n".join([*boundary._problems(), *boundary._hints()]) or False

    @api.model
    def _about(self, model_name, event_types):
        registry = self.env["snapshot.handler.registry"]
        events = [registry._event_label(model_name, event_type) for event_type in event_types]
        return f"{registry._aggregate_label(model_name)}: {', '.join(events)}"

    @api.depends("state", "done", "total")
    def _compute_progress(self):
        for row in self:
            reads = row.state in ("reading", "folding")
            row.progress = reads and f"{row.done} / {row.total}"

    @api.depends("boundary")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_key_count(self):
        states = self.env["event.boundary.state"]
        for row in self:
            domain = [("boundary", "=", row.boundary), ("version", ">", 0)]
            row.key_count = states.search_count(domain)

    @api.depends("boundary")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for row in self:
            row.display_name = row.label

    def action_open_keys(self):
        """Open what the boundary knows, key by key."""
        self.ensure_one()
        return {
            **LIST,
            "name": _("Keys of %(boundary)s", boundary=self.label),
            "res_model": "event.boundary.state",
            "domain": [("boundary", "=", self.boundary), ("version", ">", 0)],
            "context": {"one_boundary": True},
        }


class EventBoundaryState(models.Model):
    _inherit = "event.boundary.state"

    boundary_label = fields.Char(string="Boundary", compute="_compute_boundary_label")
    hidden_count = fields.Integer(compute="_compute_hidden_count")

    @api.depends("boundary")
    @api.depends_context("lang")
    def _compute_boundary_label(self):
        for row in self:
            row.boundary_label = self.env["event.boundary"]._label_of(row.boundary)

    @api.depends("version", "event_ids")
    def _compute_hidden_count(self):
        for row in self:
            row.hidden_count = max(row.version - len(row.event_ids), 0)

    def action_open_events(self):
        """Open all events of the key."""
        self.ensure_one()
        return {
            **LIST,
            "name": _("Events of %(aggregate)s", aggregate=self.key),
            "res_model": "event.boundary.event",
            "domain": self._domain_of_events(),
        }


class EventBoundaryEvent(models.Model):
    _inherit = "event.boundary.event"

    event_label = fields.Char(string="Event", compute="_compute_event")
    aggregate_label = fields.Char(string="Record Type", compute="_compute_event")
    aggregate_id = fields.Char(string="Record", compute="_compute_event")
    timestamp = fields.Datetime(string="Happened On", compute="_compute_event")
    recorded_by = fields.Char(compute="_compute_event")

    @api.depends("event_id")
    @api.depends_context("lang")
    def _compute_event(self):
        here = set(self.event_id.exists().ids)
        for entry in self:
            event = entry.event_id if entry.event_id.id in here else self.env["event.store"]
            entry.event_label = event.event_label if event else _("In an archive")
            entry.aggregate_label = event.aggregate_label
            entry.aggregate_id = event.aggregate_id
            entry.timestamp = event.timestamp
            entry.recorded_by = event.create_uid.sudo().name

    @api.depends("key", "version")
    def _compute_display_name(self):
        for entry in self:
            entry.display_name = f"{entry.key}, {entry.version}"

    def action_open_event(self):
        """Open the event itself.

        :raise UserError: where it is in an archive
        """
        self.ensure_one()
        if not self.event_id.exists():
            raise UserError(_("This event is in an archive; bring it back to read it."))
        return {
            "type": "ir.actions.act_window",
            "name": self.event_label,
            "res_model": "event.store",
            "res_id": self.event_id.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }


class SnapshotHandlerRegistry(models.AbstractModel):
    """The rules of boundaries in words."""

    _inherit = "snapshot.handler.registry"

    @api.model
    def _rule_label(self, model_name, broken_rule):
        label = super()._rule_label(model_name, broken_rule)
        handler = self._known_handler(model_name)
        if label or handler is None:
            return label
        event_type, _slash, rule = broken_rule.partition("/")
        event_type = handler._event_aliases.get(event_type, event_type)
        return self.env["event.boundary"]._rule_label(model_name, event_type, rule)
