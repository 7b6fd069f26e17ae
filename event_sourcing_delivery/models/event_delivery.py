from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.fields import Many2oneNoForeignKey

# So many of the last ones are kept of each destination.
KEPT = 200
MAX_ANSWER = 300
TYPES = ("int", "int", *("text",) * 6, "float8")


class EventDelivery(models.Model):
    """The last that was sent to a destination, and what came of it."""

    _name = "event.delivery"
    _inherit = "aggregate.label.mixin"
    _description = "Delivery"
    _order = "id desc"
    _rec_name = "event_type"

    destination_id = fields.Many2one(
        "event.destination", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    event_id = Many2oneNoForeignKey("event.store", readonly=True, ondelete="restrict")
    event_uuid = fields.Char(string="UUID", readonly=True)
    model_name = fields.Char(string="Technical Record Type", readonly=True)
    aggregate_id = fields.Char(string="Record", readonly=True)
    event_type = fields.Char(readonly=True)
    event_label = fields.Char(string="Event in Words", compute="_compute_event_label")
    state = fields.Selection(
        [
            ("done", "Delivered"),
            ("failed", "Not Taken"),
            ("unavailable", "Not Reached"),
            ("gone", "Wants Nothing More"),
        ],
        readonly=True,
    )
    answer = fields.Char(readonly=True, help="What the receiver answered, in a few words.")
    seconds = fields.Float(readonly=True, digits=(10, 3), help="How long the receiver took.")
    sent_on = fields.Datetime(readonly=True)

    def init(self):
        super().init()
        self.env.cr.execute(
            "CREATE INDEX IF NOT EXISTS event_delivery_destination_id"
            " ON event_delivery (destination_id, id)"
        )

    @api.depends("event_type", "model_name")
    @api.depends_context("lang")
    def _compute_event_label(self):
        registry = self.env["snapshot.handler.registry"]
        for delivery in self:
            delivery.event_label = registry._event_label(delivery.model_name, delivery.event_type)

    @api.model
    def _is_passed(self, destination, message):
        """Whether an event was tried before and another one was delivered since, as far as is kept.

        :param Message message: of the event
        """
        self.env.cr.execute(
            """
            SELECT EXISTS (
                SELECT FROM event_delivery
                 WHERE destination_id = %s AND state = 'done' AND id > coalesce((
                       SELECT max(id) FROM event_delivery
                        WHERE destination_id = %s AND event_id = %s), 0))
            """,
            [destination.id, destination.id, message.event_id],
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _note(self, destination, sent):
        """Note what was sent, and forget what was sent long before.

        :param list sent: pairs of ``Message`` and ``Result``, in the order of the results
        """
        store = self.env["event.store"]
        rows = [
            (
                *(message.line[0] or None, message.event_id or None, message.id),
                *(message.model_name, message.aggregate_id, message.event_type, result.state),
                *(store._storable(result.answer)[:MAX_ANSWER], result.seconds),
            )
            for message, result in sent[-KEPT:]
        ]
        # In one statement: the ORM takes as long for it as sending does.
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO event_delivery (destination_id, create_uid, company_id, event_id,
                       event_uuid, model_name, aggregate_id, event_type, state, answer, seconds,
                       sent_on, create_date)
                SELECT %s, %s, given.*, timezone('UTC', clock_timestamp()), timezone('UTC', now())
                  FROM unnest(%s) AS given
                """,
                destination.id,
                self.env.uid,
                SQL(", ").join(
                    SQL(f"%s::{kind}[]", list(column))
                    for kind, column in zip(TYPES, zip(*rows, strict=True), strict=True)
                ),
            )
        )
        self.env.cr.execute(
            """
            DELETE FROM event_delivery WHERE destination_id = %s AND id <= (
                SELECT id FROM event_delivery WHERE destination_id = %s
                 ORDER BY id DESC OFFSET %s LIMIT 1)
            """,
            [destination.id, destination.id, KEPT],
        )
