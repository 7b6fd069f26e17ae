from odoo import _, api, fields, models

from odoo.addons.event_sourcing_base.fields import Many2oneNoForeignKey

from ..groups import AUDITOR
from .event_store import FAILURE_TYPES

MANY = 1000


class EventStoreDisplay(models.Model):
    """What the screens show of an event beyond its columns, and what they find by it."""

    _name = "event.store"
    _inherit = ["event.store", "aggregate.label.mixin"]
    _export_text_as_text = True

    # Named for what they mean here, also in exports, which know no view.
    create_uid = Many2oneNoForeignKey("res.users", string="Recorded By", readonly=True)
    write_uid = Many2oneNoForeignKey("res.users", readonly=True)
    create_date = fields.Datetime(string="Recorded On", readonly=True)
    event_label = fields.Char(
        string="Event",
        compute="_compute_event_label",
        help="What people call the event type, where its handler says so.",
    )
    reason = fields.Text(
        compute="_compute_reason",
        search="_search_reason",
        help="Why it was rejected or failed, in the language of whoever looks where that is known.",
    )
    aggregate_search = fields.Char(
        string="Record Contains", compute="_compute_aggregate_search", search="_search_aggregate"
    )
    is_failure = fields.Boolean(string="Is a Failure Event", compute="_compute_event_label")

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

    # ------------------------------------------------------------------
    # What is found
    # ------------------------------------------------------------------

    @api.depends("aggregate_id")
    def _compute_aggregate_search(self):
        for event in self:
            event.aggregate_search = event.aggregate_id

    @api.model
    def _readable_companies(self):
        """Return the ids of the companies whose events the user may read."""
        if self.env.su or self.env.user.has_group(AUDITOR):
            return self.env["res.company"].sudo().search([("id", ">", 0)]).ids
        return self.env.companies.ids

    @api.model
    def _search_aggregate(self, operator, value):
        """Look among the streams, and then in the indexes of their events.

        Where very many match, the events themselves are looked through: the first page
        is found soon then.
        """
        plain = [("aggregate_id", operator, value)]
        if operator not in ("=", "in", "ilike", "like", "=like", "=ilike"):
            return plain
        streams = self.env["event.stream"].search(plain, limit=MANY + 1)
        if len(streams) > MANY:
            return plain
        keys = [
            ("model_name", "in", list(set(streams.mapped("model_name")))),
            ("aggregate_id", "in", streams.mapped("aggregate_id")),
            ("company_id", "in", streams.company_id.ids),
        ]
        # One index holds the events of streams, another their failure events.
        events = ["&", "&", "&", *keys, ("event_type", "not in", FAILURE_TYPES)]
        failures = ["&", "&", "&", *keys, ("event_type", "in", FAILURE_TYPES)]
        return ["|", *events, *failures]
