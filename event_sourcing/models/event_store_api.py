from odoo import api, fields, models

from ..arguments import text
from ..compat import check_access
from .event_store import FAILURE_TYPES

MAX_PAGE = 10000


class EventStoreApi(models.Model):
    """What other systems may ask: plain values in, plain values out, never None."""

    _inherit = "event.store"

    @api.model
    def describe(self, model_name=None):
        """Return the events of an aggregate type: rules, payloads and examples.

        :param str model_name: aggregate type, such as ``rental``
        :return: dict with ``model_name``, ``label``, ``title``, ``initial_status``,
            ``initial_rule`` (a sentence), ``statuses`` (dicts with ``status`` and
            ``label``) and ``events``: dicts with ``event_type``, ``label``, ``icon``,
            ``help``, ``rule`` (a sentence),
            ``possible_while`` (statuses, empty for any), ``leads_to`` (a status, or
            empty), ``schema_version``, ``former_names``, ``payload`` (dicts with
            ``key``, ``label``, ``help``, ``kind``, ``kind_label``, ``required`` and, where
            they apply, ``minimum`` and ``model``), ``json_schema`` and ``example``; labels and
            sentences are in the language of the user
        :raise UserError: where no handler explains the aggregate type
        :raise AccessError: without the right to read events
        """
        check_access(self.browse(), "read")
        self = self._with_user_lang()
        name = text(self.env, "model_name", model_name)
        return self.env["snapshot.handler.registry"]._describe(name)

    @api.model
    def read_stream(
        self, model_name=None, aggregate_id=None, after_version=0, limit=1000, company_id=None
    ):
        """Return the events of one stream in order, a page at a time.

        Failure events are not part of the stream: a refused event carries its reason.

        :param int after_version: the last version that the caller has
        :param int limit: events in the page, at most 10 000
        :param int company_id: whose stream; see :meth:`_readable_stream` where it is left out
        :return: list of dicts with ``id``, ``version``, ``event_type``,
            ``payload_json`` (text), ``outcome``, ``message``, ``timestamp`` (UTC, as
            text), ``timezone``, ``event_uuid``, ``correlation_id``, ``causation_id``,
            ``schema_version`` and ``user`` (who recorded it)
        :raise EventsAway: when some of them are in an archive
        """
        self = self._with_user_lang()
        model_name = self._clean_model_name(model_name)
        aggregate_id = self._clean_name("aggregate_id", aggregate_id)
        after_version = (
            0
            if after_version in (None, False, 0)
            else self._clean_number("after_version", after_version)
        )
        limit = min(self._clean_number("limit", limit) or 1000, MAX_PAGE)
        key, head = self._readable_stream(model_name, aggregate_id, company_id)
        if not head:
            return []
        events = self._readable_page(model_name, key, after_version, limit)
        return [
            {
                "id": event.id,
                "version": event.version,
                "event_type": event.event_type,
                "payload_json": event.payload_json,
                "outcome": event.outcome,
                "message": event.error_message or "",
                "timestamp": fields.Datetime.to_string(event.timestamp),
                "timezone": event.timezone or "UTC",
                "event_uuid": event.event_uuid,
                "correlation_id": event.correlation_id or "",
                "causation_id": event.causation_id or "",
                "schema_version": event.schema_version,
                "user": event.create_uid.sudo().name or "",
            }
            for event in events
        ]

    @api.model
    def _readable_page(self, model_name, key, after_version, limit):
        """Return the next events, in order, of a stream that the user may read."""
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        return self.search(
            [
                ("model_name", "in", names),
                ("aggregate_id", "=", key[1]),
                ("company_id", "=", key[0]),
                ("version", ">", after_version),
                ("event_type", "not in", FAILURE_TYPES),
            ],
            order="version",
            limit=limit,
        )
