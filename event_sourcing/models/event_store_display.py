from odoo import _, api, fields, models

from ..fields import Remembered
from .event_store import FAILURE_TYPES


class EventStoreDisplay(models.Model):
    """What the screens show of an event beyond its columns; nothing here is stored."""

    _name = "event.store"
    _inherit = ["event.store", "aggregate.label.mixin"]

    model_name = fields.Char(string="Technical Record Type")
    # Named for what they mean here, also in exports, which know no view.
    create_uid = Remembered("res.users", string="Recorded By", readonly=True)
    write_uid = Remembered("res.users", readonly=True)
    create_date = fields.Datetime(string="Recorded On", readonly=True)
    event_label = fields.Char(
        string="Event",
        compute="_compute_event_label",
        help="What people call the event type, where its handler says so.",
    )
    error_message = fields.Text(string="Reason as Recorded")
    reason = fields.Text(
        compute="_compute_reason",
        search="_search_reason",
        help="Why it was rejected or failed, in the language of whoever looks where that is known.",
    )
    is_failure = fields.Boolean(string="Is a Failure Event", compute="_compute_event_label")
    source_name = fields.Char(string="Business Record", compute="_compute_source")
    source_model = fields.Char(string="Business Model", compute="_compute_source")
    source_id = fields.Integer(string="Business Record ID", compute="_compute_source")

    @api.depends("event_type", "model_name")
    @api.depends_context("lang")
    def _compute_event_label(self):
        registry = self.env["snapshot.handler.registry"]
        known = {}
        for event in self:
            key = event.model_name, event.event_type
            if key not in known:
                known[key] = registry._event_label(*key)
            event.event_label = known[key]
            event.is_failure = event.event_type in FAILURE_TYPES

    @api.depends("model_name", "broken_rule", "error_message")
    @api.depends_context("lang")
    def _compute_reason(self):
        registry = self.env["snapshot.handler.registry"]
        known = {}
        for event in self:
            # One rule has one sentence, or says what was recorded.
            key = event.model_name, event.broken_rule, event.error_message
            if key not in known:
                known[key] = registry._reason(event)
            event.reason = known[key]

    @api.model
    def _search_reason(self, operator, value):
        return [("error_message", operator, value)]

    @api.depends("model_name", "aggregate_id", "company_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_source(self):
        registry = self.env["snapshot.handler.registry"]
        for model_name, events in self.grouped("model_name").items():
            keys = {event: (event.company_id.id, event.aggregate_id) for event in events}
            records = registry._source_records(model_name, keys.values())
            for event in events:
                record = records.get(keys[event])
                event.source_name = record.display_name if record else False
                event.source_model = record._name if record else False
                event.source_id = record.id if record else False

    @api.depends("event_type", "model_name", "aggregate_id", "version")
    @api.depends_context("lang")
    def _compute_display_name(self):
        for event in self:
            event.display_name = _(
                "%(event)s (%(aggregate)s, version %(version)s)",
                event=event.event_label,
                aggregate=event.aggregate_id,
                version=event.version,
            )

    # ------------------------------------------------------------------
    # Buttons
    # ------------------------------------------------------------------

    def action_open_source(self):
        """Open the business record that the event is about."""
        self.ensure_one()
        if not self.source_id:
            return False
        return {
            "type": "ir.actions.act_window",
            "name": self.source_name,
            "res_model": self.source_model,
            "res_id": self.source_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    def action_open_failed_event(self):
        """Open the event that this failure event is about."""
        self.ensure_one()
        return self.failed_event_id._open_form()

    def action_open_failure(self):
        """Open the failure event about this event."""
        self.ensure_one()
        return self.failure_ids[:1]._open_form()

    def action_open_stream(self):
        """Open all events of the same aggregate."""
        self.ensure_one()
        return self._open_stream(self.model_name, self.company_id.id, self.aggregate_id)

    def _open_form(self):
        """Return the action that opens one event, or False for none."""
        if not self:
            return False
        return {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "event.store",
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }

    @api.model
    def _of_stream(self, model_name, company_id, aggregate_id):
        """Return the domain of the events of one stream, failure events among them."""
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        return [
            ("model_name", "in", names),
            ("aggregate_id", "=", aggregate_id),
            ("company_id", "=", company_id),
        ]

    @api.model
    def _open_stream(self, model_name, company_id, aggregate_id):
        """Return the action that lists the events of one stream, newest first."""
        return {
            "type": "ir.actions.act_window",
            "name": _("Events of %(aggregate)s", aggregate=aggregate_id),
            "res_model": "event.store",
            "view_mode": "list,kanban,form",
            "mobile_view_mode": "kanban",
            "views": [(False, "list"), (False, "kanban"), (False, "form")],
            "domain": self._of_stream(model_name, company_id, aggregate_id),
        }
