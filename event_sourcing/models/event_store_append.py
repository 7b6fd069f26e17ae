from collections import Counter
from contextlib import nullcontext
from itertools import groupby
from operator import itemgetter

from psycopg2 import InterfaceError, InternalError, OperationalError, errors

from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.gc_pause import MANY, pause_gc
from odoo.addons.event_sourcing_base.savepoint import (
    LazySavepoint,
    is_read_committed,
    use_read_committed,
)

from ..event import EventData
from ..exceptions import BoundaryKeysMissing, StoredMeanwhile, StreamFoldError
from .event_store import ATTEMPTED
from .event_store_insert import FoldBatch
from .event_store_validate import is_nothing

APPEND_KEYS = (
    *("model_name", "aggregate_id", "event_type", "payload", "expected_version", "event_uuid"),
    *("timestamp", "correlation_id", "causation_id", "policy", "schema_version", "company_id"),
    "timezone",
)
KNOWN_KEYS = frozenset(APPEND_KEYS)
RENAMED = {"expected_version": "version"}
OTHER_KEYS = frozenset({"policy", *RENAMED})  # no values of an event, or not under this name


class EventStoreAppend(models.Model):
    """The way of an append, from the call to what is stored.

    A file per stage: ``event_store_validate`` (what is let in), ``snapshot_handler_fold`` (what
    becomes of it), ``event_store_failure`` (what stops it), ``event_store_insert`` (one write).
    """

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
        use_read_committed(self.env.cr)
        self = self._with_user_lang()
        if not isinstance(calls, list | tuple) or not all(isinstance(c, dict) for c in calls):
            raise UserError(_("A batch must be a list of events, each a set of named values."))
        unknown = {str(key) for call in calls for key in call if key not in KNOWN_KEYS}
        if unknown:
            raise UserError(
                _(
                    "append does not know %(names)s; it takes %(known)s.",
                    names=", ".join(sorted(unknown))[:128],
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
        with pause_gc() if len(calls) > MANY else nullcontext():
            events, known = self._append_all(vals_list, policies)
            return events._answers(known)

    @api.model_create_multi
    def create(self, vals_list):
        """Append events; the ORM's way in, also for the web client and XML-RPC.

        :param list vals_list: dicts with ``model_name``, ``aggregate_id``,
            ``event_type`` and, as wanted, ``payload``, ``version`` (the expected one),
            ``timestamp``, ``timezone``, ``event_uuid``, ``correlation_id``, ``causation_id``,
            ``schema_version``, ``company_id`` and fields that other addons added
        :return: the records in the order asked for; one whose ``event_uuid`` was
            known already is the event that is stored
        :raise UserError: for bad input, a version that is not the next one, or a
            broken rule where the policy says so; nothing of the call is stored then
        :raise AccessError: without the right to append, or for a company that is closed to
            the user
        """
        use_read_committed(self.env.cr)
        return self._append_all(vals_list)[0]

    @api.model
    def _append_all(self, vals_list, policies=None, keys=None, origin=None):
        """Append ``vals_list`` in order; the single path of every append.

        :param list policies: for each event a policy or None for its handler's own
        :param list keys: for each event None, or ``(column, value)`` of what the store itself
            knows it by, one of ``DERIVED_KEYS``; no caller can name these
        :param str origin: where they come from, if they are not recorded as they happen
        :return: ``(records, known)``: the events in order, and the ids of those that
            were stored already
        """
        try:
            return self._append_in_order(vals_list, policies, keys, origin)
        except (errors.UniqueViolation, StoredMeanwhile):
            # While it waited, somebody stored an event of the same UUID: now it is known.
            if not is_read_committed(self.env.cr):
                raise
            return self._append_in_order(vals_list, policies, keys, origin)
        except (OperationalError, InternalError, InterfaceError) as error:
            refusal = self._explain_db_error(error)
            if refusal is None:
                raise
            raise refusal from error

    @api.model
    def _append_in_order(self, vals_list, policies, keys, origin):
        self = self._with_user_lang()
        if not isinstance(vals_list, list | tuple):
            raise UserError(_("Events must be given as a list, each a set of named values."))
        self.env["ir.model.access"].check(self._name, "create")
        proposed = self._clean_all(vals_list)
        for vals in proposed:
            self._check_reference(vals)
        policies = [self._check_policy(policy) for policy in policies or [None] * len(proposed)]
        keys = self._keys_of(proposed, keys or [None] * len(proposed))
        self._give_uuids(proposed)
        for vals in proposed if origin else ():
            vals["origin"] = origin
        known = self._find_known(vals_list, proposed, keys) if any(keys) else {}
        # From here on an event is known by its key, or by its place in the batch without one.
        places = [key or number for number, key in enumerate(keys)]
        new_items = {}  # the first of each place, with its policy
        for place, vals, policy in zip(places, proposed, policies, strict=True):
            if place not in known:
                new_items.setdefault(place, (vals, policy))
        found = {key: event.id for key, event in known.items()}
        if new_items:
            events, rejection = self._store(*map(list, zip(*new_items.values(), strict=True)))
            if rejection:
                if rejection.record:
                    self._record_separately(rejection.record)
                raise rejection.error from None
            found.update(zip(new_items, events.ids, strict=True))
        records = self.browse([found[place] for place in places])
        return records, {event.id for event in known.values()}

    # ------------------------------------------------------------------
    # All or nothing
    # ------------------------------------------------------------------

    @api.model
    def _store(self, vals_list, policies):
        """Store events and what follows from them: all or nothing, whoever catches the error.

        They are folded in memory, refused where they break a rule, and then written with
        their outcomes, failure events and snapshots at once. Only where the database refuses
        something nothing of that stays: they are stored again, and the events of the streams
        concerned are applied one by one, each in a savepoint.

        :return: ``(records in the order of vals_list, None)``; or ``(None, Rejection)``, and
            nothing is stored
        """
        handlers = self._find_handlers(vals_list)
        guarded = not self._guarded_types().isdisjoint(handlers)
        boundaries = self._boundaries_of(vals_list, handlers) if guarded else None
        apart = set()
        while True:
            try:
                stored = self._store_together(vals_list, policies, handlers, apart, boundaries)
                if stored[1] is None:
                    return stored
                # What is folded in memory is refused before the rest is applied: where there is
                # both, the first of the batch is found by applying all of them in its order.
                ways = {self._folds_in_memory(h) for h in handlers.values() if h is not None}
                every = set(map(self._stream_key, vals_list))
                if len(ways) < 2 or every <= apart:
                    return stored
                apart = every
            except BoundaryKeysMissing:
                continue  # now they are known
            except StreamFoldError as error:
                failed_streams = self._narrow(error)
                if failed_streams <= apart:
                    raise error.__cause__ from None
                # Boundaries decide in the order of the batch.
                apart |= set(map(self._stream_key, vals_list)) if boundaries else failed_streams

    @api.model
    def _guarded_types(self):
        """Return the aggregate types about whose events not their handlers alone decide; a hook."""
        return frozenset()

    @api.model
    def _store_together(self, vals_list, policies, handlers, apart, boundaries=None):
        """Store events in one step; see :meth:`_store`.

        :param dict handlers: ``{model_name: handler or None}``
        :param set apart: keys of streams whose events are applied one by one
        :param BoundaryBatch boundaries: over these events, None where there are none
        :raise StreamFoldError: with the streams of which the database refuses something
        :raise BoundaryKeysMissing: where more keys must be locked than were known
        """
        with LazySavepoint(self.env.cr) as step:
            folded = self._new_fold_batch(handlers)
            heads = self._begin(step, vals_list, folded, boundaries)
            if any(head.stale for head in heads.values()):
                self._refold_stale(heads, folded)
            ready = self._number(vals_list, heads, handlers)
            if boundaries and not boundaries.whole:
                found = self._new_fold_batch(handlers)  # a fold without them says their keys
                self._fold_pending(ready, heads, found, apart, boundaries)
                boundaries.lock_missing(step, ready)
            decisions = dict(zip((vals["id"] for vals in ready), policies, strict=True))
            single = [vals for vals in ready if self._is_applied_singly(vals, handlers, apart)]
            followers = self._followers(set(handlers))
            problems = self._fold_pending(ready, heads, folded, apart, boundaries)
            if boundaries:
                boundaries.check_complete()
            failures, rejection = [], None
            if problems:
                failures, rejection = self._apply_policies(ready, problems, decisions)
            if rejection:
                step.roll_back()
                return None, rejection
            events, plain = self._write_folded(
                *(step, ready, failures, folded, heads, apart, boundaries),
                last=not (single or followers),
            )
            if single:
                chosen = self.browse([vals["id"] for vals in single])
                if rejection := chosen._apply_singly(decisions, heads):
                    step.roll_back()
                    return None, rejection
            if not plain:
                self._finish_insert(events, ready)
                self._finish_failures([vals["id"] for vals in ready if vals.get("error_class")])
            for follow in followers:
                follow(events.ids)
            return events, None

    @api.model
    def _is_applied_singly(self, vals, handlers, apart):
        """Whether an event is applied in a savepoint of its own, once it is stored."""
        if (handler := handlers[vals["model_name"]]) is None:
            return False
        return self._stream_key(vals) in apart or not self._folds_in_memory(handler)

    @api.model
    def _begin(self, step, vals_list, folded, boundaries=None):
        """Advance the heads of the streams, and read what the fold begins with.

        :param dict folded: of the aggregate types whose states are wanted, see ``_fold_pending``
        :param BoundaryBatch boundaries: whose keys are locked, too, as far as they are known
        :return: ``{(company id, model_name, aggregate_id): StreamHead}``
        """
        counts = Counter(map(self._stream_key, vals_list))
        functions = {name: handler._begin_call() for name, (handler, *_) in folded.items()}
        further = boundaries.begin_call(len(vals_list)) if boundaries else None
        heads, rows = self.env["event.stream"]._advance(step, counts, functions, further)
        if rows:
            boundaries.take_rows(rows)
        if any(ATTEMPTED in vals for vals in vals_list):
            self._check_not_stored_meanwhile(vals_list)
        return heads

    @api.model
    def _stream_key(self, vals):
        """Return the key of an event's stream: ``(company id, model_name, aggregate_id)``."""
        return vals["company_id"], vals["model_name"], vals["aggregate_id"]

    @api.model
    def _find_handlers(self, vals_list):
        """Return ``{model_name: handler or None}`` of the aggregate types of a batch."""
        return {n: self._find_handler(n) for n in {vals["model_name"] for vals in vals_list}}

    @api.model
    def _folds_in_memory(self, handler):
        """Whether the handler is the engine's own kind, without its own apply_event."""
        base = self.env.registry["snapshot.handler"]
        return isinstance(handler, base) and type(handler).apply_event is base.apply_event

    @api.model
    def _new_fold_batch(self, handlers):
        """Return what :meth:`_fold_pending` begins with: the types whose events it folds."""
        return {
            name: FoldBatch(handler, {}, [])
            for name, handler in handlers.items()
            if self._folds_in_memory(handler)
        }

    @api.model
    def _fold_pending(self, vals_list, heads, folded, apart=frozenset(), boundaries=None):
        """Fold events that are not stored yet, in memory.

        :param list vals_list: complete dicts, in order
        :param dict heads: ``{stream key: StreamHead}``, which say what the fold begins with
        :param dict folded: ``{model_name: FoldBatch}``, so far; other types are passed over
        :param set apart: keys of streams that are passed over, too
        :param BoundaryBatch boundaries: over these events, None where there are none
        :return: ``{event id: exception}`` of those that were refused or that failed
        :raise StreamFoldError: with the streams of which the database refused something
        """
        pending, problems, stored = [], {}, {}
        for vals in vals_list:
            model_name, key = vals["model_name"], self._stream_key(vals)
            if model_name not in folded or key in apart:
                continue
            event = EventData.from_vals(vals, self.env.uid)
            if heads[key].problem is not None:
                problems[vals["id"]] = heads[key].problem
                continue
            stored.setdefault(model_name, {})[event.key] = heads[key].state
            pending.append((model_name, vals["id"], event))
        if not boundaries:
            pending.sort(key=itemgetter(0))  # the order counts within a stream alone
        begun = {name: folded[name].handler._begin_states(keys) for name, keys in stored.items()}
        # Neighbours alone; Odoo's own groupby would put all of a type together.
        runs = groupby(pending, key=itemgetter(0))  # pylint: disable=bad-builtin-groupby
        for model_name, run in runs:
            batch, events = folded[model_name], [item[1:] for item in run]
            try:
                problems.update(
                    batch.handler._fold_together(events, begun[model_name], batch, boundaries)
                )
            except StreamFoldError as error:
                if any(key[1] == model_name for key in apart):
                    # The second time: maybe in many, of which each would be found by one more try.
                    error.streams.update(key for key in heads if key[1] == model_name)
                raise
        return problems
