from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..arguments import text
from ..compat import check_access, column
from ..cycles import no_search_for_cycles
from ..nothing import is_nothing
from .event_store import FAILURE_TYPES

APPEND_KEYS = (
    "model_name",
    "aggregate_id",
    "event_type",
    "payload",
    "expected_version",
    "event_uuid",
    "timestamp",
    "correlation_id",
    "causation_id",
    "policy",
    "schema_version",
    "company_id",
    "timezone",
)
KNOWN_KEYS = frozenset(APPEND_KEYS)
RENAMED = {"expected_version": "version"}
# Those that are no values of an event, or not under this name.
OTHER_KEYS = frozenset({"policy", *RENAMED})
MAX_PAGE = 10000


class EventStoreApi(models.Model):
    """The calls for other systems: plain values in, plain values out, never None."""

    _inherit = "event.store"

    @api.model
    def append(
        self,
        model_name=None,
        aggregate_id=None,
        event_type=None,
        payload=None,
        expected_version=None,
        event_uuid=None,
        timestamp=None,
        correlation_id=None,
        causation_id=None,
        policy=None,
        schema_version=None,
        company_id=None,
        timezone=None,
        **unknown,
    ):
        """Append one event.

        :param str model_name: aggregate type, such as ``rental``
        :param str aggregate_id: which one, such as ``R00017``
        :param str event_type: what happened, such as ``DemoStarted``
        :param payload: JSON object, as a dict or as text; ``{}`` if left out
        :param int expected_version: the version that the event must get
        :param str event_uuid: idempotency key; a known one answers with the stored event
        :param timestamp: when it happened, UTC; now if left out
        :param str policy: ``record``, ``reject`` or ``reject_and_record``
        :param int schema_version: in which the payload is written; today's if left out
        :param int company_id: whose stream it belongs to; the user's company if left out
        :param str timezone: in which its business day counts, such as ``Asia/Tokyo``; the
            company's if left out, else the user's
        :return: dict with ``id``, ``version``, ``outcome``, ``message`` (the reason, or
            empty), ``failure_id`` (of the failure event, or False), ``event_uuid``
            and ``duplicate`` (whether it was stored before)
        :raise VersionConflict: when ``expected_version`` is not the next one
        :raise UserError: for bad input, and for a refusal where the policy says so
        :raise AccessError: without the right to append
        """
        call = {
            "model_name": model_name,
            "aggregate_id": aggregate_id,
            "event_type": event_type,
            "payload": payload,
            "expected_version": expected_version,
            "event_uuid": event_uuid,
            "timestamp": timestamp,
            "correlation_id": correlation_id,
            "causation_id": causation_id,
            "policy": policy,
            "schema_version": schema_version,
            "company_id": company_id,
            "timezone": timezone,
            **unknown,
        }
        return self.append_batch([call])[0]

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
        self = self._speaking_to_user()
        name = text(self.env, "model_name", model_name)
        return self.env["snapshot.handler.registry"]._describe(name)

    @api.model
    def append_batch(self, calls=None, policy=None):
        """Append many events in order, all or none.

        All or none is about storing: bad input, a conflict or a broken rule whose policy is to
        raise stores nothing of the batch. Under the policy ``record`` an event that breaks a
        rule is stored, too, as ``rejected`` with its failure event; the others are applied.
        Under ``reject_and_record`` the attempt is recorded that the error is about, the first
        one that is refused.

        :param list calls: dicts with the keys of :meth:`append`
        :param str policy: of all events that name none of their own
        :return: list of the dicts that :meth:`append` returns, in order
        """
        self = self._speaking_to_user()
        if not isinstance(calls, list | tuple) or not all(isinstance(c, dict) for c in calls):
            raise UserError(_("A batch must be a list of events, each a set of named values."))
        for call in calls:
            if not KNOWN_KEYS.issuperset(call):
                unknown = sorted(str(key) for key in call if key not in APPEND_KEYS)
                raise UserError(
                    _(
                        "append does not know %(names)s; it takes %(known)s.",
                        names=", ".join(unknown)[:128],
                        known=", ".join(APPEND_KEYS),
                    )
                )
        vals_list = [
            call
            if OTHER_KEYS.isdisjoint(call)
            else {RENAMED.get(key, key): call[key] for key in call if key != "policy"}
            for call in calls
        ]
        policies = [policy if is_nothing(call.get("policy")) else call["policy"] for call in calls]
        with no_search_for_cycles(len(calls)):
            events, known = self._append_all(vals_list, policies)
            return events._answers(known)

    def _answers(self, known):
        """Return the answer of ``append`` for each event of self.

        :param set known: ids of the events that had been stored before
        """
        events = self.sudo()
        outcomes = column(events, "outcome")
        failures = {}
        if not {"rejected", "failed"}.isdisjoint(outcomes):
            domain = [("failed_event_id", "in", events.ids)]
            for event, failure_id in self.sudo()._read_group(
                domain, ["failed_event_id"], ["id:max"]
            ):
                failures[event.id] = failure_id
        answers, seen = [], set(known)
        for event_id, version, outcome, message, event_uuid in zip(
            events.ids,
            column(events, "version"),
            outcomes,
            column(events, "error_message"),
            column(events, "event_uuid"),
            strict=True,
        ):
            answers.append(
                {
                    "id": event_id,
                    "version": version,
                    "outcome": outcome,
                    "message": message or "",
                    "failure_id": failures.get(event_id, False),
                    "event_uuid": event_uuid,
                    "duplicate": event_id in seen,
                }
            )
            seen.add(event_id)
        return answers

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
        self = self._speaking_to_user()
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
