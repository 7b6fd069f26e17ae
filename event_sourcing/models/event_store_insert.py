from contextlib import contextmanager
from typing import NamedTuple

import psycopg2

from odoo import _, api, fields, models, tools

from odoo.addons.event_sourcing_base.canonical_json import canonical, cells, in_one_text, normalise
from odoo.addons.event_sourcing_base.compat import check_access, leaves, passes_rules
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error
from odoo.addons.event_sourcing_base.from_code import without_defaults
from odoo.addons.event_sourcing_base.json_rows import LOG_COLUMNS

from ..event import content_text, text_hash
from ..event_columns import INSERTED, UNHASHED
from ..exceptions import StreamFoldError, VersionConflict
from .event_store import ATTEMPTED

# What everybody asks about an event that was just stored.
ANSWERED = ("version", "outcome", "event_uuid", "error_message", "company_id")
PAGE = 1000
INSERT = "SELECT * FROM event_store_insert(%s, %s, %s, %s)"


def fill_cache(records, name, values):
    """Put the values of a field into the cache, where Odoo looks for them.

    Odoo 19 moved the cache from the environment into the fields.

    :param list values: one per record, as columns hold them
    """
    field = records._fields[name]
    if hasattr(field, "_insert_cache"):
        field._insert_cache(records, values)
    else:
        records.env.cache.insert_missing(records, field, values)


class FoldBatch(NamedTuple):
    """What is folded of the events of one aggregate type in a batch.

    :ivar handler: of the type
    :ivar dict states: ``{(company id, aggregate id): (state, last applied EventData)}``
    :ivar list checkpoints: ``(state, EventData)`` of the events at which one is due
    """

    handler: models.AbstractModel
    states: dict
    checkpoints: list


class EventStoreInsert(models.Model):
    """All rows of a batch in one statement, without the ORM's work for each.

    The text of which an event's hash is taken is what is stored, too. What other addons
    add by ``_inherit`` is honoured: given and default values of their stored fields,
    computed stored fields, constraints, and record rules.
    """

    _inherit = "event.store"

    @api.model
    def _number(self, vals_list, heads, handlers):
        """Give every event its id, version, company and outcome.

        :param dict heads: ``{(company id, model_name, aggregate_id): StreamHead}``
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
    def _write_folded(self, step, vals_list, failures, folded, heads, apart, boundaries, last):
        """Insert events and write each snapshot once, all in one go.

        :param LazySavepoint step: ends here where nobody has anything left to do
        :param list failures: failure events, which are inserted as well
        :param dict folded: as :meth:`_fold_pending` left it
        :param set apart: keys of streams whose events are applied afterwards, one by one
        :param BoundaryBatch boundaries: as the fold left it, None where there are none
        :param bool last: whether the caller has nothing left to do in the step
        :return: as :meth:`_insert_with`
        :raise StreamFoldError: with the streams whose snapshots cannot be written
        """
        statements, params, followers = [], [], []
        last_applied = {}
        for model_name, batch in folded.items():
            handler, states, checkpoints = batch
            if not states:
                continue  # all was refused
            with self._stream_fold_errors({model_name: batch}):
                saving = [handler._save_statement(states)]
            if checkpoints:
                saving.append(self.env["event.checkpoint"]._save_statement(handler, checkpoints))
            for statement, values in saving:
                statements.append(statement)
                params += values
            followers += handler._source_records(model_name, states, heads)
        for key, head in heads.items():
            if key[1] in folded and key not in apart:
                _state, event = folded[key[1]].states.get((key[0], key[2]), (None, None))
                last_applied[key] = event.version if event else head.applied
        for statement, values in self.env["event.stream"]._applied_statement(heads, last_applied):
            statements.append(statement)
            params += values
        if boundaries and boundaries.events:
            ids = {(self._stream_key(vals), vals["version"]): vals["id"] for vals in vals_list}
            statement, values = boundaries.save_statement(ids)
            statements.append(statement)
            params += values
        last = last and not followers
        with self._stream_fold_errors(folded, but="event_store"):
            inserted = self._insert_with(step, vals_list, failures, statements, params, last)
        for handler in (batch.handler for batch in folded.values()):
            handler.env[handler._snapshot_model].invalidate_model(flush=False)
        for records in followers:
            records._refresh_from_snapshots()
        return inserted

    @api.model
    @contextmanager
    def _stream_fold_errors(self, folded, but=None):
        """Turn what the database refuses of snapshots into an error that names their streams.

        :param dict folded: ``{model_name: FoldBatch}``
        :param str but: only what the database refuses, unless it is about this table
        :raise StreamFoldError: with the keys of the streams
        """
        try:
            yield
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            if but and not (isinstance(error, psycopg2.Error) and error.diag.table_name != but):
                raise
            streams = {
                (key[0], model_name, key[1])
                for model_name, batch in folded.items()
                for key in batch.states
            }
            raise StreamFoldError(streams, folded) from error

    @api.model
    def _insert(self, vals_list, note_recorders=True):
        """Insert rows as they are, with the rights of the user.

        :param list vals_list: complete dicts
        :param bool note_recorders: whether ``event.store.reference`` is to say who recorded them
        :return: records in the order of ``vals_list``
        """
        self = self._without_defaults()
        rows, companies, *stamps = self._insert_params(vals_list)
        params = [rows, companies if note_recorders else [], *stamps]
        self.env.cr.execute(INSERT, params)
        events = self.browse(row[0] for row in self.env.cr.fetchall())
        self._fill_cache(events, vals_list)
        self._finish_insert(events, vals_list)
        return events

    @api.model
    def _insert_with(self, step, vals_list, failures, statements, params, last):
        """Insert events that have their ids already, and write more, in one go.

        Those of more than a page go before it, a page at a time: no text becomes too large.

        :param LazySavepoint step: ends here where nobody has anything left to do
        :param list failures: failure events, which are inserted as well
        :param list statements: further ones, and ``params``, a list for all of them
        :param bool last: whether the caller has nothing left to do in the step
        :return: ``(records, plain)``: in the order of ``vals_list``, and whether
            :meth:`_finish_insert` has nothing to do for them
        """
        self = self._without_defaults()
        events = self.browse([vals["id"] for vals in vals_list])
        self._fill_cache(events, vals_list)
        plain = not self._extras(vals_list) and self._keep_rules(events, vals_list)
        rows = vals_list + failures
        *pages, rest = [rows[first : first + PAGE] for first in range(0, len(rows), PAGE)]
        for page in pages:
            step.execute(INSERT, self._insert_params(page))
        params = [*self._insert_params(rest), *params]
        step.execute("; ".join([INSERT, *statements]), params, last=last and plain)
        return events, plain

    @api.model
    def _without_defaults(self):
        # A caller's default_* keys must not reach what the store decides.
        context = self.env.context
        if not any(key.startswith("default_") for key in context):
            return self
        return self.with_context(without_defaults(context))

    @api.model
    def _insert_params(self, vals_list):
        others = self._other_columns()
        rows = [self._row_text(vals, others) for vals in vals_list]
        companies = list({vals["company_id"] for vals in vals_list})
        return [in_one_text(rows), companies, self.env.uid, fields.Datetime.now()]

    @api.model
    def _row_text(self, vals, others):
        """Return one row as a JSON text: the one that is hashed, and what stands beside it."""
        if "payload_json" not in vals:
            vals = {**vals, "payload_json": canonical(normalise(vals["payload"]))}
        text = content_text(vals)
        beside = {name: vals[name] for name in UNHASHED if vals.get(name)}
        if others:
            beside.update(self._other_values(vals, others))
        more = f",{cells(beside)[1:-1]}" if beside else ""
        if "id" in vals:
            more = f',"id":{vals["id"]}{more}'
        return (
            f'{text[:-1]},"company_id":{vals["company_id"]}'
            f',"content_hash":"{text_hash(text)}"{more}}}'
        )

    @api.model
    @tools.ormcache()
    def _other_columns(self):
        """Return the names of the stored columns that other addons added."""
        return [
            name
            for name, field in self._fields.items()
            if field.store
            and field.column_type
            and name not in INSERTED
            and name not in ("id", *LOG_COLUMNS)
        ]

    @api.model
    def _other_values(self, vals, others):
        """Return the values of columns that other addons added, as PostgreSQL takes them."""
        given = {name: vals[name] for name in others if name in vals}
        missing = [name for name in others if name not in given]
        if missing:
            given.update(self.default_get(missing))
        found = {}
        for name in others:
            field = self._fields[name]
            value = field.convert_to_cache(given.get(name, False), self)
            found[name] = field.convert_to_column(value, self, vals)
        return found

    @api.model
    def _fill_cache(self, events, vals_list):
        """Put what everybody asks into the cache."""
        for name in ANSWERED:
            fill_cache(events, name, [vals.get(name) for vals in vals_list])

    # ------------------------------------------------------------------
    # What the ORM does beside an insert
    # ------------------------------------------------------------------

    @api.model
    def _keep_rules(self, events, vals_list):
        """Whether the record rules surely let the user create these; most look at the company.

        Asked once for all events that the rules cannot tell apart.
        """
        if self.env.su:
            return True
        domain = list(self.env["ir.rule"]._compute_domain(self._name, "create") or ())
        if domain == [("company_id", "in", self.env.companies.ids)]:
            return True  # what was asked of the streams already
        names = sorted({leaf[0].split(".")[0] for leaf in leaves(domain)})
        if not set(names) <= set(ANSWERED):
            return False
        alike = [tuple(map(vals.get, names)) for vals in vals_list]
        return passes_rules(
            self.browse(dict(zip(alike, events.ids, strict=True)).values()), "create"
        )

    @api.model
    def _extras(self, vals_list):
        """Return what is left for the ORM to do: fields without a column, computed ones, checks."""
        known, computed = self._known_to_insert()
        return [*set().union(*vals_list).difference(known), *computed, *self._constraint_methods]

    @api.model
    @tools.ormcache()
    def _known_to_insert(self):
        """Return what an insert writes by itself, and which stored fields are computed."""
        known = frozenset(("id", *INSERTED, *self._other_columns(), "payload_json", ATTEMPTED))
        return known, [n for n, field in self._fields.items() if field.store and field.compute]

    @api.model
    def _finish_insert(self, events, vals_list):
        """Do what the ORM does after an insert, as far as somebody asks for it.

        :param list vals_list: of the events, complete and with their final outcomes
        """
        known, computed = self._known_to_insert()
        for name in computed:
            self.env.add_to_compute(self._fields[name], events)
        for event, vals in zip(events, vals_list, strict=True):
            rest = {name: value for name, value in vals.items() if name not in known}
            if rest:  # fields without a column, such as many2many
                models.Model.write(event, rest)
        if self._constraint_methods:
            events._validate_fields([*INSERTED, *self._other_columns()])
        if not self.env.su:
            check_access(events, "create")

    @api.model
    def _finish_failures(self, event_ids):
        """Do the same for the failure events about these events, which the engine itself wrote."""
        _known, computed = self._known_to_insert()
        if event_ids and (computed or self._constraint_methods):
            failures = self.sudo().search([("failed_event_id", "in", event_ids)], order="id")
            failures._finish_insert(failures, [{}] * len(failures))

    @api.model
    def _followers(self, model_names):
        """Return what is to see new events before their append ends; a hook.

        :param set model_names: the aggregate types of the events
        :return: list of functions, called with the ids of the events once these are stored with
            their final outcomes; what one raises fails the append
        """
        return []

    # ------------------------------------------------------------------
    # The answer
    # ------------------------------------------------------------------

    def _column(self, name):
        """Return the values of a field that is a plain value, from the cache where they all are."""
        field = self._fields[name]
        if hasattr(field, "_get_cache"):
            cache = field._get_cache(self.env)
            known = [cache[i] for i in self._ids if i in cache]
        else:
            known = list(self.env.cache.get_values(self, field))
        return known if len(known) == len(self) else [event[name] for event in self]

    def _answers(self, known):
        """Return the answer of ``append`` for each event of self.

        :param set known: ids of the events that had been stored before
        """
        events = self.sudo()
        outcomes = events._column("outcome")
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
            events._column("version"),
            outcomes,
            events._column("error_message"),
            events._column("event_uuid"),
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
