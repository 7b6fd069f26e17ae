from typing import NamedTuple

import psycopg2

from odoo import _, api, models, tools
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import sort_keys
from odoo.addons.event_sourcing_base.column_values import MISSING, NoValue
from odoo.addons.event_sourcing_base.companies import of_companies, usable
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error
from odoo.addons.event_sourcing_base.savepoint import is_broken

from ..event import as_record_id
from ..exceptions import RuleViolation, StreamFoldError
from .event_checkpoint import CHECKPOINT_INTERVAL


class Declared(NamedTuple):
    """What follows from a handler's declarations for new events of one type.

    :ivar keys: ``(key, model)`` of what may name records that belong to companies: declared keys
        of the payload, and those of the state that fill a typed column
    :ivar nested: ``(key, field)`` of lists and objects in which ids of records stand
    :ivar dict parsers: ``{key of the state: parser}`` of what fills the snapshot's typed columns;
        where a handler fills them in a way of its own, they are parsed when they are written
    """

    keys: tuple
    nested: tuple
    parsers: dict


class SnapshotHandlerFold(models.AbstractModel):
    """New events folded in memory, and the rows that follow from them.

    What is asked here is asked of new events alone: what was applied once stays applied.
    """

    _inherit = "snapshot.handler"

    @api.model
    def _begin_call(self):
        """Return what ``event.stream._advance`` calls: a function, and the rules of today."""
        return self._begin_name(), self._rules_digest()

    @api.model
    def _begin_name(self):
        return f"{self._table}_begin"

    @api.model
    def _begin_states(self, stored):
        """Return what a fold begins with for ``{key: state as stored, or None}``."""
        return {
            key: self._initial_state() if state is None else sort_keys(state)
            for key, state in stored.items()
        }

    @api.model
    def _fold_together(self, events, states, batch, boundaries=None):
        """Fold new events of many aggregates, in order; nothing is written.

        :param list events: ``(event id, EventData)``
        :param dict states: ``{key: state}`` to begin with, the keys as in ``EventData.key``;
            moves on with the events
        :param FoldBatch batch: takes the states of the aggregates whose events were applied,
            and the checkpoints that are due
        :param BoundaryBatch boundaries: which are asked, too; None where there are none
        :return: ``{event id: exception}`` of those that were refused or that failed, and left
            the state as it was
        :raise StreamFoldError: with the streams in which a handler's SQL broke the transaction
        """
        problems, others = {}, None
        named = boundaries.named if boundaries else {}
        self._look_up_named(((e.company_id, e.event_type, e.payload) for _id, e in events), named)
        for event_id, event in events:
            state = states[event.key]
            try:
                after = self._take_new(state, event, named, boundaries)
            except Exception as error:
                if is_infrastructure_error(error):
                    raise
                if isinstance(error, UserError):
                    others = self._in_other_languages() if others is None else others
                    said = str(error)
                    error.sentences = self._other_sentences(
                        others, state, event, said, named, boundaries
                    )
                # A handler may say something else about what its SQL broke.
                if isinstance(error, psycopg2.Error) or is_broken(self.env.cr):
                    raise StreamFoldError([event.stream]) from error
                problems[event_id] = error
                continue
            states[event.key] = after
            batch.states[event.key] = after, event
            if event.version % CHECKPOINT_INTERVAL == 0:
                batch.checkpoints.append((after, event))
        if is_broken(self.env.cr):  # and nobody said so
            raise StreamFoldError(event.stream for _id, event in events)
        return problems

    @api.model
    def _take_new(self, state, event, named=None, boundaries=None, note=True):
        """Return the state after a new event that the boundaries over it took, too.

        :param BoundaryBatch boundaries: notes what it changes of them
        :param bool note: whether it does; not where another language is asked for its words
        :raise UserError: where the handler or a boundary refuses it
        """
        after = boundaries.recall(event, state) if boundaries else None
        if after is None:
            # A careless handler may change the state that it is given.
            after = self._fold_new(sort_keys(state), event, named)
        if boundaries:
            today = self._upcast(event)
            changes = boundaries.judge(self.env, today, state, after, note)
            if note:
                boundaries.note(changes)
        return after

    @api.model
    def _fold_new(self, state, event, named=None):
        """Return the state after an event that was not applied before; see :meth:`_fold`.

        Values that the columns of the snapshot cannot hold are refused here, and records of
        other companies. What was applied once is not asked again.

        :param dict named: what is known about records already, see ``_look_up_named``
        """
        keys, nested, parsers = self._declared(event.event_type)
        before = {key: state.get(key) for key, _model in keys}
        held = self._ids_held(nested, state)
        after = self._fold(state, event)
        for name, parse in parsers.items():
            value = after.get(name)
            if value is not None and value != "":
                try:
                    parse(value)
                except NoValue as error:
                    sentence = self._column_refusal(name, error.kind)
                    raise RuleViolation(sentence, f"payload:{name}:type") from None
        today = self._upcast(event)
        if keys:
            self._check_named(keys, before, after, today, {} if named is None else named)
        if nested:
            self._check_nested(nested, held, today, {} if named is None else named)
        self._check_new(today)
        self._check_new_state(today, after)
        return after

    @api.model
    @tools.ormcache("event_type")
    def _declared(self, event_type):
        """Return the :class:`Declared` of an event type; asked with each new event."""
        snapshots = self.env[self._snapshot_model]
        columns = {name: snapshots._fields[name] for name in snapshots._typed_columns()}
        named = {name: f.comodel_name for name, f in columns.items() if f.type == "many2one"}
        payload = self._payload_fields.get(event_type, {})
        named.update((key, field.model) for key, field in payload.items() if field.model)
        today = self._payload_fields.get(self._event_aliases.get(event_type, event_type), {})
        own = type(self)._columns is not self.env.registry["snapshot.handler"]._columns
        return Declared(
            tuple((key, model) for key, model in named.items() if of_companies(self.env, model)),
            tuple(
                (key, field)
                for key, field in today.items()
                if any(inner.model for _at, inner in field.within(key) if inner is not field)
            ),
            {} if own else dict(sorted(snapshots._parsers())),
        )

    @api.model
    def _column_refusal(self, name, kind):
        """Return the sentence that refuses a value of a typed column.

        :param str kind: see ``column_values.NoValue``
        """
        field = self.env[self._snapshot_model]._fields[name]
        label = self._payload_label(name)
        if kind == "choice":
            known = ", ".join(field.get_values(self.env))
            return _("%(name)s must be one of: %(known)s.", name=label, known=known)
        return _("%(name)s must be %(kind)s.", name=label, kind=self._kind_in_words(kind))

    # ------------------------------------------------------------------
    # Records that events name: of their company, or of none
    # ------------------------------------------------------------------

    @api.model
    def _look_up_named(self, events, named):
        """Note which of the records that events name may be used, in one query per model.

        :param events: ``(company id, event type, payload)`` of each
        :param dict named: ``{(company id, model): {record id: whether it may be used}}``,
            which is filled
        """
        wanted, declared = {}, {}
        for company_id, event_type, payload in events:
            if event_type not in declared:
                declared[event_type] = self._declared(event_type)
            keys, nested, _parsers = declared[event_type]
            for key, model in keys:
                record_id = as_record_id(payload.get(key))
                if record_id and record_id not in named.get((company_id, model), ()):
                    wanted.setdefault((company_id, model), set()).add(record_id)
            for model, record_id in self._ids_held(nested, payload):
                known = named.get((company_id, model), ())
                if as_record_id(record_id) and record_id not in known:
                    wanted.setdefault((company_id, model), set()).add(record_id)
        for place, ids in wanted.items():
            named.setdefault(place, {}).update(usable(self.env, *place, ids))

    @api.model
    def _check_named(self, keys, before, after, event, named):
        """Refuse an event that names a record which its company cannot see.

        The sentence says nothing of the record but its id.

        :param keys: see :class:`Declared`
        :param dict before: these keys in the state before; what is as it was is not asked again
        :param dict after: the state after the event
        :param EventData event: of today's schema version
        :param dict named: see :meth:`_look_up_named`
        :raise RuleViolation: naming the key
        """
        if not event.company_id:
            return  # of no stream, as in tests of rules alone
        for key, model in keys:
            for holder in (event.payload, after):
                value = holder.get(key)
                record_id = None if value == before[key] else as_record_id(value)
                if record_id is None:
                    continue
                usable = self._may_name(event.company_id, model, record_id, named)
                # Of one that is not there at all, the column says so that would hold it.
                columns = self.env[self._snapshot_model]._typed_columns()
                held = usable is None and key in columns and after.get(key) == record_id
                if not usable and not held:
                    sentence = self._not_visible(self._payload_label(key), model, record_id)
                    raise RuleViolation(sentence, f"payload:{key}:record")

    @api.model
    def _may_name(self, company_id, model, record_id, named):
        known = named.setdefault((company_id, model), {})
        if record_id not in known:
            known.update(usable(self.env, company_id, model, [record_id]))
        return known[record_id]

    @api.model
    def _nested_ids(self, nested, document):
        """Yield ``(key, place, field, value)`` of ids that stand in lists and objects."""
        for key, field in nested:
            for place, inner, value in field.walk(document.get(key)):
                if place and inner.model and value not in MISSING:
                    yield key, place, inner, value

    @api.model
    def _ids_held(self, nested, document):
        """Return ``{(model, id)}`` of such ids of records that belong to companies."""
        return {
            (inner.model, value)
            for _key, _place, inner, value in self._nested_ids(nested, document)
            if type(value) in (int, float) and of_companies(self.env, inner.model)
        }

    @api.model
    def _check_nested(self, nested, held, event, named):
        """Refuse what :meth:`_check_named` refuses, in lists and objects, and what is not there.

        :param nested: see :class:`Declared`
        :param set held: what the state held before, as :meth:`_ids_held` gives it
        """
        for key, place, field, value in self._nested_ids(nested, event.payload):
            if as_record_id(value) is None:
                sentence = self._payload_refusal(key, field, "id", place)
                raise RuleViolation(sentence, self._payload_rule(key, place, "type"))
            known = not event.company_id or (field.model, value) in held
            if known or not of_companies(self.env, field.model):
                continue
            if not self._may_name(event.company_id, field.model, value, named):
                label = ", ".join(self._place_labels(key, place))
                sentence = self._not_visible(label, field.model, value)
                raise RuleViolation(sentence, self._payload_rule(key, place, "record"))

    @api.model
    def _not_visible(self, label, model, record_id):
        return _(
            "%(label)s: the %(record)s with the id %(id)s cannot be used by the company of this"
            " event; give the id of one of that company, or of one that all share.",
            label=label,
            record=self.env["ir.model"].sudo()._get(model).name,
            id=record_id,
        )

    # ------------------------------------------------------------------
    # What is written
    # ------------------------------------------------------------------

    @api.model
    def _save_statement(self, folded):
        """Return the statement that writes snapshots, and its parameters.

        :param dict folded: ``{key: (state, last EventData)}``
        """
        snapshots = self.env[self._snapshot_model]
        rows = self._snapshot_rows(folded.values())
        return snapshots._upsert_code(rows, snapshots._row_texts(rows, strict=True))

    @api.model
    def _snapshot_rows(self, folds):
        """Return the complete rows of snapshots.

        :param folds: ``(state, last EventData)`` of each
        """
        rules = self._rules_digest()
        return [self._snapshot_vals(state, event, rules) for state, event in folds]

    @api.model
    def _snapshot_vals(self, state, event, rules=None):
        """Return the complete row of a snapshot.

        :param dict state: JSON object
        :param EventData event: the last one that was applied
        :param str rules: the digest of the handler's rules, where it is known
        """
        return {
            **self._columns(state),
            "model_name": self._today_model_name(event.model_name),
            "aggregate_id": event.aggregate_id,
            "version": event.version,
            "state": state,
            "rules": rules or self._rules_digest(),
            "last_event_type": event.event_type,
            "last_event_date": event.timestamp,
            "company_id": event.company_id,
        }

    @api.model
    def _source_records(self, model_name, keys, heads):
        """Return the business records of streams, as a list of one recordset or none.

        :param keys: of streams of this aggregate type
        :param dict heads: ``{(company id, model_name, aggregate_id): StreamHead}``
        """
        wanted = set(keys)
        ids = [
            source
            for (company_id, name, aggregate_id), head in heads.items()
            if head.sources and name == model_name and (company_id, aggregate_id) in wanted
            for source in head.sources
        ]
        return [self.env[self._source_model].browse(ids)] if ids else []
