from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..attempts import Attempts
from ..canonical_json import canonical, carried, normalise
from ..compat import check_access
from ..exceptions import RefusedApart, Trouble, VersionConflict
from ..fields import NO_SUM, JsonDocument, Remembered
from ..nothing import is_nothing
from ..rows import in_pages
from ..step import Step

INVALID_OPERATION = "InvalidOperationAttempted"
SYSTEM_ERROR = "SystemErrorOccurred"
FAILURE_TYPES = (INVALID_OPERATION, SYSTEM_ERROR)
# What the store knows an event by where no caller named it.
DERIVED_KEYS = ("retry_of_id", "import_key")
# What is compared in a way of its own; the company is a part of the key.
COMPARED = {"model_name", "aggregate_id", "event_type", "payload", "event_uuid", "company_id"}
OUTCOMES = [
    ("applied", "Applied"),
    ("rejected", "Rejected"),
    ("failed", "Failed"),
    ("logged", "Logged"),
]


class EventStore(models.Model):
    """What happened, or was attempted: one immutable row per event.

    This file holds the fields and the way of an append, step by step. What each
    step needs lies beside it, a file per idea: ``event_store_input`` and
    ``event_store_payload`` (what is let in), ``event_store_fold`` (handlers and
    snapshots), ``event_store_failure`` (refusals and faults),
    ``event_store_append_only`` (nothing changes afterwards), ``event_store_api`` (the
    public calls) and ``event_store_replay`` (the past).
    """

    _name = "event.store"
    _description = "Event"
    _order = "id desc"
    _rec_name = "event_type"

    model_name = fields.Char(
        string="Record Type",
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
    failure_ids = fields.One2many("event.store", "failed_event_id", string="Failures")
    error_class = fields.Char(readonly=True, copy=False)
    error_message = fields.Text(string="Reason", readonly=True, copy=False)
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
    company_id = Remembered("res.company", required=True, readonly=True, ondelete="restrict")
    content_hash = fields.Char(
        readonly=True,
        copy=False,
        help="SHA-256 of what the event says; seals are built on it.",
    )

    @api.depends("payload")
    def _compute_payload_json(self):
        for event in self:
            event.payload_json = carried(canonical(normalise(event.payload or {})))

    @api.model
    def _search_payload_json(self, _operator, _value):
        # Without this, Odoo would quietly match every event.
        raise UserError(_("Events cannot be searched by their payload; use their type or record."))

    # ------------------------------------------------------------------
    # Appending
    # ------------------------------------------------------------------

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
        return self._append_all(vals_list)[0]

    @api.model
    def _append_all(self, vals_list, policies=None, keys=None):
        """Append ``vals_list`` in order; the single path of every append.

        :param list policies: for each event a policy or None for its handler's own
        :param list keys: for each event None, or ``(column, value)`` of what the store itself
            knows it by, one of ``DERIVED_KEYS``; no caller can name these
        :return: ``(records, known)``: the events in order, and the ids of those that
            were stored already
        """
        self = self._speaking_to_user()
        if not isinstance(vals_list, list | tuple):
            raise UserError(_("Events must be given as a list, each a set of named values."))
        check_access(self.browse(), "create")
        proposed = self._clean_all(vals_list)
        policies = [self._check_policy(policy) for policy in policies or [None] * len(proposed)]
        keys = self._keys_of(proposed, keys or [None] * len(proposed))
        self._give_uuids(proposed)
        known = self._find_known(vals_list, proposed, keys)
        fresh = {}  # the first of each key, with its policy
        ids = []
        for number, (key, vals, policy) in enumerate(zip(keys, proposed, policies, strict=True)):
            ids.append(key or number)
            if key not in known:
                fresh.setdefault(key or number, (vals, policy))
        found = {key: event.id for key, event in known.items()}
        if fresh:
            try:
                events = self._store(*map(list, zip(*fresh.values(), strict=True)))
            except RefusedApart as refused:
                self._record_apart(refused.vals)
                raise refused.refusal from None
            found.update(zip(fresh, events.ids, strict=True))
        records = self.browse([found[key] for key in ids])
        return records, {event.id for event in known.values()}

    @api.model
    def _keys_of(self, proposed, derived):
        """Return what each event is known by, None where nobody gave it a name.

        Callers' UUIDs are those of a company; what the store derives stands in columns of its
        own, which are written here.

        :return: ``(column, company id, value)`` each, or None
        """
        keys = []
        for vals, key in zip(proposed, derived, strict=True):
            if key:
                vals[key[0]] = key[1]
                keys.append((key[0], vals["company_id"], key[1]))
            elif vals["event_uuid"]:
                keys.append(("event_uuid", vals["company_id"], vals["event_uuid"]))
            else:
                keys.append(None)
        return keys

    @api.model
    def _give_uuids(self, proposed):
        """Name the events to which their callers gave no UUID, and no operation.

        Retries and imported rows get one, too, though the store knows them by columns of their
        own. It stands in the index of the callers' UUIDs and does no harm there: it is random,
        so nobody can take it before, and whoever has read it and says the same with it is
        answered with that very event.
        """
        attempts = Attempts(self.env.cr)
        for vals in proposed:
            if not vals["event_uuid"]:
                vals["event_uuid"] = attempts.next_uuid(
                    vals["model_name"],
                    vals["aggregate_id"],
                    vals["event_type"],
                    vals["payload_json"],
                )
            if not vals["correlation_id"]:
                vals["correlation_id"] = vals["event_uuid"]

    @api.model
    def _store(self, vals_list, policies):
        """Store events and what follows from them: all or nothing, whoever catches the error.

        They are folded in memory, refused where they break a rule, and then written with
        their outcomes, failure events and snapshots at once. Only where the database refuses
        something nothing of that stays: they are stored again, and the events of the streams
        concerned are applied one by one, each in a savepoint.

        :return: the records in the order of ``vals_list``
        """
        handlers = self._find_handlers(vals_list)
        apart = set()
        while True:
            try:
                return self._store_together(vals_list, policies, handlers, apart)
            except (UserError, RefusedApart):
                # What is folded in memory is refused before the rest is applied: where there is
                # both, the first of the batch is found by applying all of them in its order.
                every = set(map(self._stream_key, vals_list))
                ways = {self._folds_in_memory(h) for h in handlers.values() if h is not None}
                if len(ways) < 2 or every <= apart:
                    raise
                apart = every
            except Trouble as trouble:
                troubled = self._narrow(trouble)
                if troubled <= apart:
                    raise trouble.__cause__ from None
                apart |= troubled

    @api.model
    def _store_together(self, vals_list, policies, handlers, apart):
        """Store events in one step.

        :param dict handlers: ``{model_name: handler or None}``
        :param set apart: keys of streams whose events are applied one by one
        :raise Trouble: with the streams of which the database refuses something
        """
        with Step(self.env.cr) as step:
            folded = self._nothing_folded(handlers)
            heads = self._begin(step, vals_list, folded)
            self._refold_stale(heads, folded)
            ready = self._number(vals_list, heads, handlers)
            decisions = dict(zip((vals["id"] for vals in ready), policies, strict=True))
            single = [vals for vals in ready if self._is_applied_singly(vals, handlers, apart)]
            pages, rest = in_pages(ready)
            for page in pages:  # of a batch: one is stored while the next is folded
                failures = self._fold_ahead(page, heads, folded, decisions, apart)
                self._insert_behind(step, page + failures)
            failures = self._fold_ahead(rest, heads, folded, decisions, apart)
            events, plain = self._write_folded(
                step, ready, rest + failures, folded, heads, apart, last=not single
            )
            if single:
                chosen = self.browse([vals["id"] for vals in single])
                chosen._apply_singly(decisions, heads)
            if not plain:
                self._finish_insert(events, ready)
                self._finish_failures([vals["id"] for vals in ready if vals.get("error_class")])
            return events

    @api.model
    def _is_applied_singly(self, vals, handlers, apart):
        """Whether an event is applied in a savepoint of its own, once it is stored."""
        handler = handlers[vals["model_name"]]
        if handler is None:
            return False
        return self._stream_key(vals) in apart or not self._folds_in_memory(handler)

    @api.model
    def _begin(self, step, vals_list, folded):
        """Advance the heads of the streams, and read what the fold begins with.

        :param dict folded: of the aggregate types whose states are wanted, see ``_fold_ahead``
        :return: ``{(company id, model_name, aggregate_id): Head}``
        """
        counts = Counter(map(self._stream_key, vals_list))
        functions = {name: handler._begin_call() for name, (handler, *_rest) in folded.items()}
        return self.env["event.stream"]._advance(step, counts, functions)

    @api.model
    def _stream_key(self, vals):
        """Return the key of an event's stream: ``(company id, model_name, aggregate_id)``."""
        return vals["company_id"], vals["model_name"], vals["aggregate_id"]

    @api.model
    def _number(self, vals_list, heads, handlers):
        """Give every event its id, version, company and outcome.

        :param dict heads: ``{(company id, model_name, aggregate_id): Head}``
        :param dict handlers: ``{model_name: handler or None}``
        :return: new dicts, ready to insert
        :raise VersionConflict: when an expected version is not the next one
        """
        following = {key: head.version - len(head.ids) for key, head in heads.items()}
        ids = sorted(event_id for head in heads.values() for event_id in head.ids)
        numbered = []
        for event_id, vals in zip(ids, vals_list, strict=True):
            key = self._stream_key(vals)
            following[key] = version = following[key] + 1
            if vals["version"] not in (None, version):
                raise VersionConflict(
                    _(
                        "%(aggregate)s has changed in the meantime: version %(expected)s was"
                        " expected next, but the next one is %(next)s. Nothing was stored;"
                        " read its current state and try again.",
                        aggregate="/".join(key[1:]),
                        expected=vals["version"],
                        next=version,
                    )
                )
            numbered.append(
                {
                    **vals,
                    "id": event_id,
                    "version": version,
                    "outcome": "logged" if handlers[key[1]] is None else "applied",
                }
            )
        return numbered

    @api.model
    def _find_known(self, given, proposed, keys):
        """Return ``{key: record}`` for the proposed events that are stored already.

        What failed, and was applied again by a manager since, is known by its own UUID, too.

        :param list given: the callers' dicts
        :param list proposed: the same, clean
        :param list keys: see :meth:`_keys_of`
        :raise AccessError: for one that the user may not read
        :raise UserError: when a UUID was used for a different event
        """
        asked = list(filter(None, dict.fromkeys(keys)))
        if not asked:
            return {}
        found = self._stored_by_key(asked)
        known = {key: self.browse(ids[0]) for key, ids in found.items()}
        # Before anything is compared: a wrong guess is answered as a right one.
        self._check_readable(found)
        first = {}
        for said, vals, key in zip(given, proposed, keys, strict=True):
            if key is None:
                continue
            twin = known[key].sudo() if key in known else first.setdefault(key, vals)
            if key[0] != "event_uuid" or twin is vals:
                continue
            if key not in known and twin["version"] is None:
                twin["version"] = vals["version"]  # one event: who names a version, means it
            if self._contradicts(said, vals, twin):
                # One UUID may have been sent with several contents, all refused, and each been
                # applied again since.
                others = self.browse(found.get(key, ())[1:]).sudo()
                same = others.filtered(lambda o, s=said, v=vals: not self._contradicts(s, v, o))
                if same:
                    known[key] = same[:1].sudo(False)
                    continue
                raise UserError(
                    _(
                        "The UUID %(uuid)s was already used for a different event;"
                        " give every event a UUID of its own.",
                        uuid=vals["event_uuid"],
                    )
                )
        return known

    @api.model
    def _check_readable(self, found):
        """Refuse to answer with events that the user may not read, without a word about them.

        :param dict found: from :meth:`_stored_by_key`
        """
        try:
            check_access(self.browse(id_ for ids in found.values() for id_ in ids), "read")
        except AccessError:
            raise AccessError(self._unreadable_uuid()) from None

    @api.model
    def _unreadable_uuid(self):
        return _(
            "A UUID of this call belongs to an event that you may not read; give every"
            " event a UUID of its own, or ask your administrator."
        )

    @api.model
    def _stored_by_key(self, keys):
        """Return which events are stored under these keys; see :meth:`_keys_of`.

        :return: ``{key: [event id]}``; several only where attempts of one UUID were recorded
            apart and applied again
        """
        columns = {}
        for column, company_id, value in keys:
            columns.setdefault(column, []).append((company_id, value))
        queries = [
            SQL(
                """
                SELECT %s, event.company_id, event.%s::text, event.id
                  FROM unnest(%s::int[], %s::text[]) AS key (company_id, value)
                  JOIN event_store AS event
                    ON event.company_id = key.company_id AND event.%s = key.value::%s
                 WHERE event.event_type NOT IN %s
                """,
                column,
                SQL.identifier(column),
                [company_id for company_id, _value in pairs],
                [str(value) for _company_id, value in pairs],
                SQL.identifier(column),
                SQL(self._fields[column].column_type[0]),
                FAILURE_TYPES,
            )
            for column, pairs in columns.items()
        ]
        if "event_uuid" in columns:
            # An attempt that was recorded apart, by the event that applied it again.
            queries.append(
                SQL(
                    """
                    SELECT 'event_uuid', failure.company_id, failure.attempt_uuid, retry.id
                      FROM unnest(%s::int[], %s::text[]) AS key (company_id, value)
                      JOIN event_store AS failure
                        ON failure.company_id = key.company_id
                       AND failure.attempt_uuid = key.value
                      JOIN event_store AS retry ON retry.retry_of_id = failure.id
                    """,
                    [company_id for company_id, _value in columns["event_uuid"]],
                    [value for _company_id, value in columns["event_uuid"]],
                )
            )
        self.env.cr.execute(SQL(" UNION ALL ").join(queries))
        by_text = {(*key[:2], str(key[2])): key for key in keys}
        found = {}
        for column, company_id, value, event_id in self.env.cr.fetchall():
            found.setdefault(by_text[column, company_id, value], []).append(event_id)
        return found

    @api.model
    def _contradicts(self, given, vals, twin):
        """Whether what a caller says of an event is not what its twin says.

        What the caller leaves out contradicts nothing; what is given is compared as it is
        stored, so that ``true`` is not ``1``.

        :param dict given: as the caller gave it
        :param dict vals: the same, clean
        :param twin: the stored record, or the clean dict of one before it in the batch
        """
        handler = self._find_handler(vals["model_name"])
        payload = canonical(normalise(twin["payload"]))
        if vals["payload_json"] != payload or vals["aggregate_id"] != twin["aggregate_id"]:
            return True
        registry = self.env["snapshot.handler.registry"]
        if vals["model_name"] != registry._canonical_name(twin["model_name"]):
            return True
        if vals["event_type"] != self._today_event_type(handler, twin["event_type"]):
            return True
        others = self._other_columns()
        for name in given.keys() - COMPARED:
            field = self._fields[name]
            if not field.store or not field.column_type:
                continue
            if is_nothing(given[name]) and name not in others:
                continue  # of these, nothing means that the store is to choose
            if isinstance(twin, dict) and name not in twin:  # left to its default
                there = self._without_defaults().default_get([name]).get(name, False)
            else:
                there = twin[name]
            if field.type == "json":
                here, there = canonical(vals[name]), canonical(there)
            else:
                here = field.convert_to_cache(vals[name], self)
                there = field.convert_to_cache(there, self)
            if here != there:
                return True
        return False
