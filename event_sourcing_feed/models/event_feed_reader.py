import base64
import binascii
import hmac
import json
import time
from dataclasses import asdict

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise, xml_escaped
from odoo.addons.event_sourcing_base.compat import check_access, readable

from ..position import Position
from .event_consumer import EVERYTHING
from .event_feed import check_readable

MAX_LIMIT = 10_000
MAX_WAIT = 30  # seconds
POLL = 0.1
# How long an answer may look through what is not for the reader; the next one goes on from there.
LOOK_SECONDS = 2


class EventFeedReader(models.Model):
    """The feed for readers from outside, who keep their position themselves."""

    _inherit = "event.store"

    @api.model
    def read_feed(self, cursor=None, limit=1000, wait=0, model_names=None, event_types=None):
        """Return events that are new to a reader; also over RPC.

        Whoever stores the cursor with what they make of the events, in one transaction, has
        each event exactly once. Events that the user may not read are left out.

        :param str cursor: from the last answer; nothing begins with the first event, ``now``
            with those to come
        :param int limit: events, at most 10 000
        :param wait: seconds to wait for events where there are none yet, at most 30
        :param list model_names: only of these aggregate types
        :param list event_types: only these; failure events only where they are named
        :return: ``{"events": [dict, …], "cursor": text}``, the dicts with the keys of
            :meth:`read_stream` and ``model_name``, ``aggregate_id``, ``company_id``, ``origin``
            and ``recorded_on``
        :raise UserError: for a cursor that this database did not give out; for an event that its
            handler cannot read, once those before it are given: the cursor stays where it was
        :raise AccessError: without the right to read events
        """
        check_access(self.browse(), "read")
        self = self._with_user_lang()
        limit = min(self._clean_number("limit", limit) or 1000, MAX_LIMIT)
        condition = self._feed_condition(
            dict.fromkeys(
                self._names_given("model_names", model_names),
                self._names_given("event_types", event_types),
            )
        )
        position = self._feed_position(cursor)
        deadline = time.monotonic() + self._seconds("wait", wait)
        while True:
            # A transaction of its own: the caller's sees the database as it was when it began.
            with self.env.registry.cursor() as cr:
                store = self.with_env(self.env(cr=cr))
                answers, position = store._readable_feed_page(position, condition, limit)
            left = deadline - time.monotonic()
            if answers or left <= 0:
                return {"events": answers, "cursor": self._feed_cursor(position)}
            time.sleep(min(POLL, left))

    @api.model
    def _readable_feed_page(self, position, condition, limit):
        """Return the next events that the user may read, as dicts, and the position after them."""
        deadline = time.monotonic() + LOOK_SECONDS
        while True:
            before = position
            events, position = self._read_feed_page(position, condition, limit)
            records = readable(self.browse([event.id for event in events]))
            if records or not position.until or position == before or time.monotonic() > deadline:
                break
        allowed = set(records.ids)
        for number, event in enumerate(events):
            if event.problem and event.id in allowed:
                if allowed.isdisjoint(earlier.id for earlier in events[:number]):
                    check_readable([event])
                # First those before it; the next answer says what is wrong with it.
                events, position = self._read_feed_page(before, condition, number)
                break
        events = [event for event in events if event.id in allowed]
        names = {
            user.id: user.name
            for user in self.env["res.users"]
            .sudo()
            .browse({event.user_id for event in events if event.user_id})
        }
        messages = {record.id: record.error_message or "" for record in records}
        return [
            {
                "id": event.id,
                "model_name": event.model_name,
                "aggregate_id": event.aggregate_id,
                "company_id": event.company_id,
                "version": event.version,
                "event_type": event.event_type,
                "payload_json": xml_escaped(canonical(normalise(event.payload))),
                "outcome": event.outcome,
                "message": messages[event.id],
                "timestamp": fields.Datetime.to_string(event.timestamp),
                "timezone": event.timezone,
                "event_uuid": event.event_uuid,
                "correlation_id": event.correlation_id,
                "causation_id": event.causation_id,
                "schema_version": event.schema_version,
                "user": names.get(event.user_id, ""),
                "origin": event.origin,
                "recorded_on": fields.Datetime.to_string(event.recorded_on),
            }
            for event in events
        ], position

    @api.model
    def _names_given(self, name, value):
        """Return the names that a caller asks for, or "*" for nothing."""
        if value in (None, False) or value == [] or value == ():
            return (EVERYTHING,)
        if not isinstance(value, list | tuple):
            raise UserError(_("%(name)s must be a list of names.", name=name))
        return tuple(self._clean_name(name, item) for item in value)

    @api.model
    def _seconds(self, name, value):
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 1e6:
            raise UserError(_("%(name)s must be a number of seconds, from 0 on.", name=name))
        return min(value, MAX_WAIT)

    # ------------------------------------------------------------------
    # Cursors are opaque, and signed: whoever makes one up could ask what others wrote when.
    # ------------------------------------------------------------------

    @api.model
    def _feed_cursor(self, position):
        text = canonical(asdict(position)).encode()
        signed = self._feed_signature(text) + text
        return base64.urlsafe_b64encode(signed).decode()

    @api.model
    def _feed_position(self, cursor):
        if cursor in (None, False, ""):
            return self._feed_start()
        if cursor == "now":
            with self.env.registry.cursor() as cr:
                return self.with_env(self.env(cr=cr))._feed_now()
        try:
            signed = base64.urlsafe_b64decode(cursor.encode("ascii"))
        except (AttributeError, ValueError, binascii.Error):
            signed = b""
        signature, text = signed[:16], signed[16:]
        if not hmac.compare_digest(signature, self._feed_signature(text)):
            raise UserError(
                _(
                    "This is not a cursor of this database; pass the cursor of the last answer,"
                    " or none to begin with the first event."
                )
            )
        return Position(**json.loads(text))

    @api.model
    def _feed_signature(self, text):
        secret = self.env["ir.config_parameter"].sudo().get_param("database.secret")
        return hmac.new(secret.encode(), b"event_sourcing_feed:" + text, "sha256").digest()[:16]
