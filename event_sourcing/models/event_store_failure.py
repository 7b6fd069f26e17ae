import logging
import traceback
import uuid
from copy import copy
from typing import NamedTuple

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise, storable
from odoo.addons.event_sourcing_base.error_location import find_place, fingerprint

from ..event import EventData, content_hash, text_hash
from ..event_columns import CONTENT
from .event_store import INVALID_OPERATION, SYSTEM_ERROR

_logger = logging.getLogger(__name__)

MAX_MESSAGE = 4000
MAX_RULE = 300
MAX_TRACEBACK = 20000
MAX_COMPARED = 100  # attempts of one UUID, which is mostly one


class Rejection(NamedTuple):
    """Nothing of a call is stored, because of one event.

    :ivar UserError error: what the caller is told
    :ivar record: values of the failure event that is recorded separately, or None
    """

    error: UserError
    record: dict | None = None


class EventStoreFailure(models.Model):
    """Refusals and faults: kept as outcomes and as failure events of their own."""

    _inherit = "event.store"

    broken_rule = fields.Char(
        readonly=True,
        copy=False,
        help="Shared by all attempts that broke one rule: the event, and the rule's name or the"
        " line of code that rejected it.",
    )
    error_fingerprint = fields.Char(
        readonly=True,
        copy=False,
        help="Shared by all failures of one bug: same error, same handler, same line of code.",
    )

    def init(self):
        """Create the indexes by which rules and bugs are listed.

        Rules are listed, and each put in words, without reading every refusal; a group of
        errors without the traceback of each, and the inbox without what went well.
        """
        super().init()
        self.env.cr.execute(
            """
            CREATE INDEX IF NOT EXISTS event_store_rule_index
                ON event_store (company_id, model_name, broken_rule, id)
             WHERE event_type = 'InvalidOperationAttempted' AND broken_rule IS NOT NULL;
            CREATE INDEX IF NOT EXISTS event_store_error_index
                ON event_store (error_fingerprint, company_id, id)
             WHERE event_type = 'SystemErrorOccurred';
            """
        )

    @api.model
    def _apply_policies(self, vals_list, problems, policies):
        """Decide what becomes of events that were refused or that failed.

        :param list vals_list: complete dicts, in order; those concerned get their outcome
        :param dict problems: ``{event id: exception}``
        :param dict policies: ``{event id: policy or None}``
        :return: ``(failures, rejection)``: their failure events, complete dicts; and a
            :class:`Rejection` for the first event whose policy is to raise, else None
        """
        default = {}
        failures, rejection = [], None
        for vals in vals_list:
            error = problems.get(vals["id"])
            if error is None:
                continue
            kind = vals["model_name"], isinstance(error, UserError)
            if kind not in default:
                name = "invalid_policy" if kind[1] else "error_policy"
                default[kind] = self._policy_of(self._find_handler(kind[0]), name)
            policy = policies[vals["id"]] or default[kind]
            if policy != "record":
                rejection = self._rejection(vals, error, policy, alone=len(policies) == 1)
                break
            failure = self._failure_vals(vals, error)
            vals.update(
                {
                    "outcome": "rejected" if isinstance(error, UserError) else "failed",
                    "error_class": failure["error_class"],
                    "error_message": failure["error_message"],
                    "broken_rule": failure.get("broken_rule"),
                }
            )
            failures.append(failure)
        for error in problems.values():
            error.__traceback__ = None  # holds what was folded, and itself by that
        return failures, rejection

    @api.model
    def _rejection(self, vals, error, policy, alone):
        """Return the :class:`Rejection` of an event whose policy is to raise.

        :param bool alone: whether it is the only one of its call
        """
        apart = policy == "reject_and_record"
        separate = self._standalone_failure_vals(vals, error) if apart else None
        refusal = self._apart_refusal(vals, error) if apart else self._as_refusal(error)
        if not alone:
            registry = self.env["snapshot.handler.registry"]
            label = registry._event_label(vals["model_name"], vals["event_type"])
            self._say_where(refusal, f"{vals['aggregate_id']}, {label}")
        return Rejection(refusal, separate)

    def _apply_policies_to_stored(self, problems, policies):
        """Decide what becomes of events that are stored already; see :meth:`_apply_policies`.

        :return: a :class:`Rejection` where nothing of the batch is to stay, else None
        """
        vals_list = [event._stored_vals() for event in self if event.id in problems]
        failures, rejection = self._apply_policies(vals_list, problems, policies)
        if rejection is None:
            self._set_outcomes(vals_list)
            self._insert(failures)
        return rejection

    def _stored_vals(self):
        """Return one stored event as the values that it was stored from."""
        self.ensure_one()
        names = {*CONTENT, *EventData.__dataclass_fields__} - {"company_id", "user_id"}
        vals = {name: self[name] for name in names}
        payload = normalise(vals["payload"])
        return {**vals, "id": self.id, "payload": payload, "company_id": self.company_id.id}

    @api.model
    def _as_refusal(self, error):
        """Return what to raise: the rule's own words, or a sentence without a traceback."""
        if isinstance(error, UserError):
            return _own(error)
        _logger.warning("An event could not be applied.", exc_info=error)
        return UserError(
            _(
                "The event could not be applied because of a technical error (%(error)s)."
                " Nothing was stored; tell your administrator.",
                error=type(error).__name__,
            )
        )

    @api.model
    def _set_outcomes(self, vals_list):
        """Correct the outcome of events of this transaction, in one statement.

        :param list vals_list: complete dicts, with their final outcomes
        """
        changed = ["outcome", "error_class", "error_message", "broken_rule"]
        rows = [(vals["id"], *map(vals.get, changed), content_hash(vals)) for vals in vals_list]
        self.env.cr.execute(
            SQL(
                """
                UPDATE event_store AS event
                   SET outcome = new.outcome, error_class = new.error_class,
                       error_message = new.error_message, broken_rule = new.broken_rule,
                       content_hash = new.content_hash
                  FROM unnest(%s::int[], %s::text[], %s::text[], %s::text[], %s::text[],
                              %s::text[])
                       AS new (id, outcome, error_class, error_message, broken_rule,
                               content_hash)
                 WHERE event.id = new.id
                """,
                *map(list, zip(*rows, strict=True)),
            )
        )
        events = self.browse([vals["id"] for vals in vals_list])
        events.invalidate_recordset([*changed, "content_hash"], flush=False)

    @api.model
    def _failure_vals(self, vals, error):
        """Return the values of the failure event about an event.

        :param dict vals: of the event, complete
        """
        message = self._error_text(error)
        columns = {"broken_rule": self._broken_rule(vals, error)}
        payload = {
            "failed_event": vals["event_type"],
            "failed_event_uuid": vals["event_uuid"],
            "failed_payload": vals["payload"],
            "error_class": type(error).__name__,
            "error_message": message,
        }
        if sentences := getattr(error, "sentences", None):
            payload["error_messages"] = sentences
        if not isinstance(error, UserError):
            lines = "".join(traceback.format_exception(error))
            _logger.warning(
                "Event %s of %s/%s could not be applied.\n%s",
                vals["event_type"],
                vals["model_name"],
                vals["aggregate_id"],
                lines,  # written once: it costs more than all the rest
            )
            payload["traceback"] = self._storable(lines)[-MAX_TRACEBACK:]
            payload["failed_schema_version"] = vals["schema_version"]
            columns, found = self._error_vals(error, vals["model_name"])
            payload.update(found)
        return {
            "model_name": vals["model_name"],
            "aggregate_id": vals["aggregate_id"],
            "event_type": INVALID_OPERATION if isinstance(error, UserError) else SYSTEM_ERROR,
            "payload": payload,
            "version": vals["version"],
            "timestamp": vals["timestamp"],
            "timezone": vals["timezone"],
            "schema_version": 1,
            "outcome": "logged",
            "failed_event_id": vals["id"],
            "error_class": type(error).__name__,
            "error_message": message,
            "event_uuid": str(uuid.uuid4()),
            "correlation_id": vals["correlation_id"],
            "causation_id": vals["event_uuid"],
            "company_id": vals["company_id"],
            "origin": vals.get("origin"),
            **columns,
        }

    @api.model
    def _error_text(self, error):
        """Return the message of an error in one storable piece; no SQL, whose values are long."""
        text = str(error)
        if isinstance(error, psycopg2.Error) and error.diag.message_primary:
            said = (error.diag.message_primary, error.diag.message_detail)
            text = " ".join(filter(None, said))
        if not isinstance(error, UserError):
            text = f"{type(error).__name__}: {text}"
        return self._storable(text).strip()[:MAX_MESSAGE]

    @api.model
    def _storable(self, text):
        return storable(text)

    @api.model
    def _broken_rule(self, vals, error):
        """Return the rule that ``error`` says an event broke, None for a technical fault.

        :param dict vals: of the event
        """
        if not isinstance(error, UserError):
            return None
        rule = getattr(error, "rule", None)
        if not rule:
            handler = self._find_handler(vals["model_name"])
            name = vals["model_name"] if handler is None else handler._name
            rule = f"code:{fingerprint('UserError', name, find_place(error))}"
        return self._storable(f"{vals['event_type']}/{rule}")[:MAX_RULE]

    @api.model
    def _error_vals(self, error, model_name):
        """Return the columns and the payload keys that a technical fault adds.

        :param str model_name: the aggregate type whose handler failed
        :return: ``(columns, payload)``, two dicts
        """
        place = find_place(error)
        handler = self._find_handler(model_name)
        handler = model_name if handler is None else handler._name
        columns = {
            "error_fingerprint": fingerprint(type(error).__name__, handler, place),
        }
        payload = {
            "handler": handler,
            "code_place": self._storable(str(place)),
            "code_line": self._storable(place.line),
        }
        return columns, payload

    # ------------------------------------------------------------------
    # reject_and_record
    # ------------------------------------------------------------------

    @api.model
    def _apart_refusal(self, vals, error):
        """Return what to raise about an attempt that is recorded all the same."""
        if isinstance(error, UserError):
            return _own(error)
        return UserError(
            _(
                "The event could not be applied because of a technical error (%(error)s). The"
                " attempt is kept among the errors, from where a manager can apply it once the"
                " cause is repaired; whoever sends it again must give its UUID, %(uuid)s.",
                error=type(error).__name__,
                uuid=vals["event_uuid"],
            )
        )

    @api.model
    def _standalone_failure_vals(self, vals, error):
        """Return the values of the failure event about an event that will not be stored.

        It says who attempted what under which UUID, so that a retry of the request by Odoo,
        or of the call by its client, does not write it twice, and nobody else's takes its place.
        """
        names = ("model_name", "aggregate_id", "event_type", "payload", "schema_version")
        said = canonical([*map(vals.get, names), isinstance(error, UserError), self.env.uid])
        return {
            **self._failure_vals(vals, error),
            "failed_event_id": False,
            "attempt_uuid": vals["event_uuid"],
            "attempt_digest": text_hash(said)[:32],
        }

    @api.model
    def _record_separately(self, vals):
        """Write a failure event on a cursor of its own: it survives the rollback.

        The stream head is not touched and no lock of this transaction is waited for.

        :param dict vals: from :meth:`_standalone_failure_vals`
        """
        try:
            with self.env.registry.cursor() as cr:
                cr.execute("SET LOCAL lock_timeout = '3s'")
                # A seal waits for transactions: this one must have its number before its
                # event has an id. An ordinary append gets its own with the stream's head.
                cr.execute("SELECT pg_current_xact_id()")
                store = self.with_env(self.env(cr=cr, su=True)).browse()
                if not store._is_noted_apart(vals):
                    noted = self._has_noted_recorder(vals) and not store._has_noted_recorder(vals)
                    store._insert([vals], note_recorders=not noted)
        except psycopg2.errors.UniqueViolation:
            _logger.info("The attempt %s was recorded at the same moment.", vals["attempt_uuid"])
        except psycopg2.Error:
            # The caller's refusal matters more than its record: report both.
            _logger.exception("The refused attempt %s could not be recorded.", vals["event_uuid"])

    @api.model
    def _is_noted_apart(self, vals):
        """Whether the same attempt of the same person was recorded before.

        Its type may have had another name then, which its digest does not know.

        :param dict vals: from :meth:`_standalone_failure_vals`
        """
        named = {name: vals[name] for name in ("company_id", "attempt_uuid", "attempt_digest")}
        if self.search_count([(name, "=", value) for name, value in named.items()], limit=1):
            return True
        registry, said = self.env["snapshot.handler.registry"], vals["payload"]
        if len(registry._stream_names(vals["model_name"])) == 1 and not any(
            model_name == vals["model_name"] for model_name, _old in registry._former_event_types()
        ):
            return False
        stream = (vals["company_id"], vals["model_name"], vals["aggregate_id"])
        content = canonical(normalise(said["failed_payload"]))
        attempted = (*stream, said["failed_event"], content)
        same = [(name, "=", vals[name]) for name in ("company_id", "attempt_uuid", "event_type")]
        same += [("create_uid", "=", self.env.uid), ("aggregate_id", "=", vals["aggregate_id"])]
        return any(
            failure.payload.get("failed_schema_version") == said.get("failed_schema_version")
            and failure._attempted() == attempted
            for failure in self.search(same, limit=MAX_COMPARED)
        )

    @api.model
    def _has_noted_recorder(self, vals):
        """Whether this transaction sees that the user has recorded something in the company."""
        self.env.cr.execute(
            "SELECT 1 FROM event_store_reference WHERE user_id = %s AND company_id = %s",
            [self.env.uid, vals["company_id"]],
        )
        return bool(self.env.cr.rowcount)


def _own(error):
    """Return a copy of what a handler raised: it may raise one object again and again."""
    error.__traceback__ = None
    try:
        return copy(error)
    except Exception:  # its class wants to be made in another way
        return error
