import logging
import traceback
import uuid

import psycopg2

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..canonical_json import BEYOND_XML
from ..event_hash import CONTENT, content_hash
from ..exceptions import RefusedApart
from .event_store import INVALID_OPERATION, SYSTEM_ERROR
from .event_store_input import POLICIES

_logger = logging.getLogger(__name__)

FAILURE_NAMESPACE = uuid.UUID("6d0f9d0c-58a5-5d5c-9a77-0f6a3c1c6b52")
MAX_MESSAGE = 4000
MAX_TRACEBACK = 20000


class EventStoreFailure(models.Model):
    """Refusals and faults: kept as outcomes and as failure events of their own."""

    _inherit = "event.store"

    def _settle(self, problems, policies):
        """Decide what becomes of events that were refused or that failed.

        :param dict problems: ``{event id: exception}``
        :param dict policies: ``{event id: policy or None}``
        :raise UserError: for the first event whose policy is to raise
        :raise RefusedApart: for the first one whose attempt is to be recorded all the same
        """
        troubled = self.sudo().filtered(lambda event: event.id in problems)
        for event in troubled:
            error = problems[event.id]
            policy = policies[event.id] or self._default_policy(event.model_name, error)
            if policy == "record":
                continue
            apart = policy == "reject_and_record"
            vals = event._apart_vals(error) if apart else None
            refusal = event._apart_refusal(error) if apart else self._as_refusal(error)
            if len(self) > 1:
                words = self.env["snapshot.handler.registry"]
                label = words._event_label(event.model_name, event.event_type)
                self._say_where(refusal, f"{event.aggregate_id}, {label}")
            raise RefusedApart(refusal, vals) if apart else refusal from None
        troubled._set_outcomes(problems)
        self.sudo()._insert([event._failure_vals(problems[event.id]) for event in troubled])

    @api.model
    def _default_policy(self, model_name, error):
        """Return the handler's policy, else the one in Settings, else ``record``."""
        name = "_invalid_policy" if isinstance(error, UserError) else "_error_policy"
        policy = getattr(self._find_handler(model_name), name, None)
        if not policy:
            parameter = f"event_sourcing.{name.strip('_')}"
            policy = self.env["ir.config_parameter"].sudo().get_param(parameter)
        return policy if policy in POLICIES else "record"

    @api.model
    def _as_refusal(self, error):
        """Return what to raise: the rule's own words, or a sentence without a traceback."""
        if isinstance(error, UserError):
            return error
        _logger.warning("An event could not be applied.", exc_info=error)
        return UserError(
            _(
                "The event could not be applied because of a technical error (%(error)s)."
                " Nothing was stored; tell your administrator.",
                error=type(error).__name__,
            )
        )

    def _set_outcomes(self, problems):
        """Correct the outcome of events of this transaction, in one statement."""
        rows = []
        for event in self:
            error = problems[event.id]
            changed = {
                "outcome": "rejected" if isinstance(error, UserError) else "failed",
                "error_class": type(error).__name__,
                "error_message": self._error_text(error),
            }
            content = {name: event[name] for name in CONTENT}
            digest = content_hash({**content, **changed})
            rows.append((event.id, *changed.values(), event._broken_rule(error), digest))
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
        settled = ["outcome", "error_class", "error_message", "broken_rule", "content_hash"]
        self.invalidate_recordset(settled, flush=False)

    def _failure_vals(self, error):
        """Return the values of the failure event about this event."""
        self.ensure_one()
        message = self._error_text(error)
        columns = {"broken_rule": self._broken_rule(error)}
        payload = {
            "failed_event": self.event_type,
            "failed_event_uuid": self.event_uuid,
            "failed_payload": self.payload,
            "error_class": type(error).__name__,
            "error_message": message,
        }
        if sentences := getattr(error, "sentences", None):
            payload["error_messages"] = sentences
        if not isinstance(error, UserError):
            _logger.warning(
                "Event %s of %s/%s could not be applied.",
                self.event_type,
                self.model_name,
                self.aggregate_id,
                exc_info=error,
            )
            lines = "".join(traceback.format_exception(error))
            payload["traceback"] = self._storable(lines)[-MAX_TRACEBACK:]
            payload["failed_schema_version"] = self.schema_version
            columns, found = self._error_vals(error, self.model_name, self.event_uuid)
            payload.update(found)
        return {
            "model_name": self.model_name,
            "aggregate_id": self.aggregate_id,
            "event_type": INVALID_OPERATION if isinstance(error, UserError) else SYSTEM_ERROR,
            "payload": payload,
            "version": self.version,
            "timestamp": self.timestamp,
            "schema_version": 1,
            "outcome": "logged",
            "failed_event_id": self.id,
            "error_class": type(error).__name__,
            "error_message": message,
            "event_uuid": str(uuid.uuid5(FAILURE_NAMESPACE, self.event_uuid)),
            "correlation_id": self.correlation_id,
            "causation_id": self.event_uuid,
            "company_id": self.company_id.id,
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
        return BEYOND_XML.sub("", text.encode(errors="replace").decode())

    # ------------------------------------------------------------------
    # reject_and_record
    # ------------------------------------------------------------------

    def _apart_refusal(self, error):
        """Return what to raise about an attempt that is recorded all the same."""
        if isinstance(error, UserError):
            return error
        return UserError(
            _(
                "The event could not be applied because of a technical error (%(error)s). The"
                " attempt is kept among the errors, from where a manager can apply it once the"
                " cause is repaired; whoever sends it again must give its UUID, %(uuid)s.",
                error=type(error).__name__,
                uuid=self.event_uuid,
            )
        )

    def _apart_vals(self, error):
        """Return the values of the failure event about an event that will not be stored.

        Its UUID follows from the attempt's, so that a retry of the request by Odoo, or
        of the call by its client, does not write it twice.
        """
        vals = {**self._failure_vals(error), "failed_event_id": False}
        # The same attempt may be stored later, and have a failure event of its own.
        vals["event_uuid"] = str(uuid.uuid5(FAILURE_NAMESPACE, f"apart:{self.event_uuid}"))
        return vals

    @api.model
    def _record_apart(self, vals):
        """Write a failure event on a cursor of its own: it survives the rollback.

        The stream head is not touched and no lock of this transaction is waited for.

        :param dict vals: from :meth:`_apart_vals`
        """
        try:
            with self.env.registry.cursor() as cr:
                cr.execute("SET LOCAL lock_timeout = '3s'")
                # A seal waits for transactions: this one must have its number before its
                # event has an id. An ordinary append gets its own with the stream's head.
                cr.execute("SELECT pg_current_xact_id()")
                store = self.with_env(self.env(cr=cr, su=True)).browse()
                if not store.search_count([("event_uuid", "=", vals["event_uuid"])]):
                    noted = self._has_noted_recorder(vals) and not store._has_noted_recorder(vals)
                    store._insert([vals], note_recorders=not noted)
        except psycopg2.Error:
            # The caller's refusal matters more than its record: report both.
            _logger.exception("The refused attempt %s could not be recorded.", vals["event_uuid"])

    @api.model
    def _has_noted_recorder(self, vals):
        """Whether this transaction sees that the user has recorded something in the company."""
        self.env.cr.execute(
            "SELECT 1 FROM event_recorder WHERE user_id = %s AND company_id = %s",
            [self.env.uid, vals["company_id"]],
        )
        return bool(self.env.cr.rowcount)
