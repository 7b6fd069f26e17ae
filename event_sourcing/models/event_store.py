from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise, xml_escaped
from odoo.addons.event_sourcing_base.fields import NO_SUM, JsonDocument, Many2oneNoForeignKey

INVALID_OPERATION = "InvalidOperationAttempted"
SYSTEM_ERROR = "SystemErrorOccurred"
FAILURE_TYPES = (INVALID_OPERATION, SYSTEM_ERROR)
# What the store knows an event by where no caller named it.
DERIVED_KEYS = ("retry_of_id", "import_key")
# Among the values of an event, and no field: an attempt of its UUID was recorded apart and waits.
ATTEMPTED = "attempted?"
ORIGINS = [("imported", "Imported"), ("restored", "Restored")]
# What becomes of a call whose event is refused.
POLICIES = ("record", "reject", "reject_and_record")
OUTCOMES = [
    ("applied", "Applied"),
    ("rejected", "Rejected"),
    ("failed", "Failed"),
    ("logged", "Logged"),
]


class EventStore(models.Model):
    """What happened, or was attempted: one immutable row per event.

    This file holds the fields. An append begins in ``event_store_append``, a file per stage
    beside it; nothing changes afterwards (``event_store_append_only``), and
    ``event_store_replay`` tells the past.
    """

    _name = "event.store"
    _inherit = ["locale.mixin", "error.sentences.mixin"]
    _description = "Event"
    _order = "id desc"
    _rec_name = "event_type"
    _holds_history = True

    model_name = fields.Char(
        string="Technical Record Type",
        required=True,
        readonly=True,
        help="What kind of thing the event is about, for example: rental.",
    )
    aggregate_id = fields.Char(
        string="Record",
        required=True,
        readonly=True,
        help="Which one of its kind the event is about, for example: R00017.",
    )
    event_type = fields.Char(required=True, readonly=True, index=True)
    payload = JsonDocument(
        required=True, readonly=True, help="What the event says, as a JSON object."
    )
    payload_json = fields.Text(
        string="Payload as Text",
        compute="_compute_payload_json",
        search="_search_payload_json",
        help="The payload in JSON's canonical spelling, also where XML-RPC cannot carry it.",
    )
    version = fields.Integer(
        required=True,
        readonly=True,
        copy=False,
        help="Position of the event in the history of its record: 1, 2, 3 … without gaps.",
        **NO_SUM,
    )
    timestamp = fields.Datetime(
        string="Happened On",
        required=True,
        readonly=True,
        help="When it happened. When it was recorded is the creation date.",
    )
    timezone = fields.Char(
        string="Time Zone",
        readonly=True,
        help="In which its business day counts: of the company, else of whoever recorded it.",
    )
    outcome = fields.Selection(
        OUTCOMES,
        required=True,
        readonly=True,
        copy=False,
        help="Applied: it changed the state. Rejected: it broke a rule. Failed: an error in the"
        " program stopped it. Logged: kept without being applied to anything.",
    )
    failed_event_id = fields.Many2one(
        "event.store",
        string="Event That Failed",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="The event that this failure is about.",
    )
    attempt_uuid = fields.Char(
        string="UUID of the Attempt",
        readonly=True,
        copy=False,
        help="Of a failure event whose attempt was not stored (policy reject_and_record): the UUID"
        " that the attempt had.",
    )
    attempt_digest = fields.Char(
        readonly=True, copy=False, help="Digest of what was attempted: the same is noted once."
    )
    retry_of_id = fields.Many2one(
        "event.store",
        readonly=True,
        copy=False,
        ondelete="restrict",
        help="The failure event whose attempt this event applies again.",
    )
    retry_ids = fields.One2many("event.store", "retry_of_id", string="Retries")
    import_key = fields.Char(
        readonly=True,
        copy=False,
        help="Digest of the row that this event was imported from, where it named no UUID.",
    )
    origin = fields.Selection(
        ORIGINS,
        readonly=True,
        copy=False,
        help="How an event came here that was not recorded here when it happened: imported from"
        " another system, or restored from an export. Nothing reacts to it.",
    )
    failure_ids = fields.One2many("event.store", "failed_event_id", string="Failures")
    error_class = fields.Char(readonly=True, copy=False)
    error_message = fields.Text(string="Reason as Recorded", readonly=True, copy=False)
    event_uuid = fields.Char(
        string="UUID",
        required=True,
        readonly=True,
        copy=False,
        help="Idempotency key: an event with a known UUID is not stored twice.",
    )
    correlation_id = fields.Char(
        readonly=True, help="Shared by all events that belong to one business operation."
    )
    causation_id = fields.Char(readonly=True, help="UUID of the event that led to this one.")
    schema_version = fields.Integer(
        required=True,
        readonly=True,
        default=1,
        help="Version of the payload's structure when it was written.",
        **NO_SUM,
    )
    company_id = Many2oneNoForeignKey(
        "res.company", required=True, readonly=True, ondelete="restrict"
    )
    content_hash = fields.Char(
        readonly=True,
        copy=False,
        help="SHA-256 of what the event says; seals are built on it.",
    )

    @api.depends("payload")
    def _compute_payload_json(self):
        for event in self:
            event.payload_json = xml_escaped(canonical(normalise(event.payload or {})))

    @api.model
    def _search_payload_json(self, _operator, _value):
        # Without this, Odoo would quietly match every event.
        raise UserError(_("Events cannot be searched by their payload; use their type or record."))
