from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_catalog.models.res_config_settings import POLICY_NAMES

OTHER = "other:"  # no aggregate type can be named so by a handler's model name


class EventStoreRecordWizard(models.TransientModel):
    """Record one event by hand, with the user's own right to append.

    This file holds the questions and the result; ``event_store_record_wizard_payload``
    turns what was typed into a payload.
    """

    _name = "event.store.record.wizard"
    _inherit = "access.first.mixin"
    _description = "Record Event"

    aggregate_type = fields.Selection(
        string="Record Type",
        selection="_select_aggregate_types",
        default=lambda self: self._default_aggregate_type(),
    )
    other_model_name = fields.Char(
        string="Other Record Type", help="A short name, for example: machine."
    )
    model_name = fields.Char(compute="_compute_model_name")
    aggregate_id = fields.Char(
        string="Record", help="Which one of its kind the event is about, for example: R00017."
    )
    knows_events = fields.Boolean(compute="_compute_knows_events")
    event_type_id = fields.Many2one(
        "snapshot.handler.event.type", string="Event", domain="[('model_name', '=', model_name)]"
    )
    event_help = fields.Char(related="event_type_id.help")
    other_event_type = fields.Char(
        string="Event Type", help="What happened, for example: MachineStopped."
    )
    event_type = fields.Char(string="Technical Event Type", compute="_compute_event_type")
    timestamp = fields.Datetime(
        string="Happened On", help="When it happened; left empty, it happens now."
    )
    expected_version = fields.Integer(
        help="The version that the event must get. If somebody was quicker, nothing is stored."
        " Leave 0 to take the next one."
    )
    policy = fields.Selection(
        POLICY_NAMES,
        string="If It Is Rejected",
        help="Left empty, the handler's policy counts, else the one in the settings.",
    )
    state = fields.Selection(
        [("ask", "Question"), ("done", "Result")], default="ask", readonly=True
    )
    event_id = fields.Many2one("event.store", string="Recorded Event", readonly=True)
    outcome = fields.Selection(related="event_id.outcome")
    version = fields.Integer(related="event_id.version")
    reason = fields.Text(related="event_id.error_message")

    @api.model
    def _select_aggregate_types(self):
        registry = self.env["snapshot.handler.registry"]
        types = [(name, registry._aggregate_label(name)) for name in registry._handler_names()]
        return [*sorted(types, key=lambda pair: pair[1]), (OTHER, _("Another one …"))]

    @api.model
    def _default_aggregate_type(self):
        names = [name for name, _label in self._select_aggregate_types()]
        return names[0] if len(names) == 2 else False

    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = _("Record Event")

    @api.depends("aggregate_type", "other_model_name")
    def _compute_model_name(self):
        for wizard in self:
            other = wizard.aggregate_type == OTHER
            wizard.model_name = wizard.other_model_name if other else wizard.aggregate_type

    @api.depends("model_name")
    def _compute_knows_events(self):
        for wizard in self:
            handler = self.env["snapshot.handler.registry"]._known_handler(wizard.model_name)
            wizard.knows_events = handler is not None and bool(handler._transitions)

    @api.depends("knows_events", "event_type_id", "other_event_type")
    def _compute_event_type(self):
        for wizard in self:
            known = wizard.event_type_id.event_type
            wizard.event_type = known if wizard.knows_events else wizard.other_event_type

    @api.onchange("model_name")
    def _onchange_model_name(self):
        if self.event_type_id.model_name != self.model_name:
            self.event_type_id = False

    def action_record(self):
        """Append the event and show what became of it.

        :return: the action that shows this wizard again, with the result
        :raise UserError: for what is missing or wrong, and for a refusal where the
            policy says so; nothing is stored then
        :raise AccessError: without the right to append
        """
        self.ensure_one()
        if self.state == "done":
            return self._show()  # a second click records nothing twice
        self._check_questions()
        answer = self.env["event.store"].append(
            self.model_name.strip(),
            self.aggregate_id.strip(),
            self.event_type.strip(),
            self._payload(),
            expected_version=self.expected_version or None,
            timestamp=self.timestamp or None,
            policy=self.policy or None,
        )
        self.write({"state": "done", "event_id": answer["id"]})
        return self._show()

    def _check_questions(self):
        if not (self.model_name or "").strip():
            raise UserError(_("Choose what kind of thing the event is about."))
        if not (self.aggregate_id or "").strip():
            raise UserError(_("Enter which one the event is about, for example R00017."))
        if not (self.event_type or "").strip():
            raise UserError(_("Choose what happened."))
        if self.knows_events and self.event_type_id.model_name != self.model_name:
            raise UserError(
                _("Choose an event that %(aggregate)s knows.", aggregate=self.model_name)
            )

    def action_open_event(self):
        """Open the event that was recorded."""
        self.ensure_one()
        return self.event_id._open_form()

    def action_record_another(self):
        """Start again with the same aggregate."""
        self.ensure_one()
        kept = ("aggregate_type", "other_model_name", "aggregate_id")
        return self.create({name: self[name] for name in kept})._show()

    def _show(self):
        return {
            "type": "ir.actions.act_window",
            "name": _("Record Event"),
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
        }
