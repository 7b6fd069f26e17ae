import psycopg2

from odoo import _, api, models, tools
from odoo.exceptions import UserError

from ..canonical_json import sort_keys
from ..column_values import NoValue
from ..db_errors import is_infrastructure_error
from ..exceptions import RuleViolation, StreamFoldError
from ..savepoint import is_broken
from .event_checkpoint import CHECKPOINT_INTERVAL


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
    def _fold_together(self, aggregates, states):
        """Fold the new events of many aggregates; nothing is written.

        :param dict aggregates: ``{key: [EventData] in order}``, the keys as in ``EventData.key``
        :param dict states: ``{key: state}`` to begin with
        :return: ``({key: (state, last applied EventData)}, problems, marks)``: problems are
            ``(EventData, exception)`` of those that were refused or that failed, and left the
            state as it was; marks ``(state, EventData)`` of those events at which a checkpoint
            is due
        :raise StreamFoldError: with the streams in which a handler's SQL broke the transaction
        """
        folded, problems, marks, named = {}, [], [], {}
        others = None
        self._look_up_named(
            ((e.company_id, e.event_type, e.payload) for some in aggregates.values() for e in some),
            named,
        )
        for key, events in aggregates.items():
            state = states[key]
            for event in events:
                try:
                    # A careless handler may change the state that it is given.
                    after = self._fold_new(sort_keys(state), event, named)
                except Exception as error:
                    if is_infrastructure_error(error):
                        raise
                    if isinstance(error, UserError):
                        others = self._in_other_languages() if others is None else others
                        said = self._other_sentences(others, state, event, str(error), named)
                        error.sentences = said
                    # A handler may say something else about what its SQL broke.
                    if isinstance(error, psycopg2.Error) or is_broken(self.env.cr):
                        raise StreamFoldError([event.stream]) from error
                    problems.append((event, error))
                    continue
                state = after
                folded[key] = state, event
                if event.version % CHECKPOINT_INTERVAL == 0:
                    marks.append((state, event))
        if is_broken(self.env.cr):  # and nobody said so
            raise StreamFoldError([events[0].stream for events in aggregates.values()])
        return folded, problems, marks

    @api.model
    def _fold_new(self, state, event, named=None):
        """Return the state after an event that was not applied before; see :meth:`_fold`.

        Values that the columns of the snapshot cannot hold are refused here, and records of
        other companies. What was applied once is not asked again.

        :param dict named: what is known about records already, see ``_look_up_named``
        """
        keys = self._record_keys(event.event_type)
        before = {key: state.get(key) for key, _model in keys}
        after = self._fold(state, event)
        parsers = self._column_parsers()
        for name, value in after.items():
            parse = parsers.get(name)
            if parse is not None and value is not None and value != "":
                try:
                    parse(value)
                except NoValue as error:
                    sentence = self._column_refusal(name, error.kind)
                    raise RuleViolation(sentence, f"payload:{name}:type") from None
        today = self._upcast(event)
        if keys:
            self._check_named(keys, before, after, today, {} if named is None else named)
        self._check_new(today)
        self._check_new_state(today, after)
        return after

    @api.model
    @tools.ormcache()
    def _column_parsers(self):
        """Return ``{key of the state: parser}`` of what fills the snapshot's typed columns.

        Where a handler fills them in a way of its own, they are parsed when they are written.
        """
        own = type(self)._columns is not self.env.registry["snapshot.handler"]._columns
        return {} if own else dict(self.env[self._snapshot_model]._parsers())

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

    @api.model
    def _in_other_languages(self):
        """Return ``{language code: this handler}`` in the other installed languages.

        None where a handler's SQL has broken the transaction: nothing can be asked then.
        """
        if is_broken(self.env.cr):
            return {}
        installed = self.env["res.lang"].get_installed()
        return {
            lang: self.with_context(lang=lang) for lang, _name in installed if lang != self.env.lang
        }

    @api.model
    def _other_sentences(self, others, state, event, said, named=None):
        """Return how the rule that refuses an event says so in the other languages.

        Only now can it be asked: later its rules may be others, or the state be gone.

        :param dict others: from :meth:`_in_other_languages`
        :param dict state: before the event
        :param EventData event: the event
        :param str said: what it said in the language of this environment
        :param dict named: as for ``_fold_new``
        :return: ``{language code: sentence}``, without those that say the same
        """
        sentences = {}
        for lang, handler in others.items():
            try:
                handler._fold_new(sort_keys(state), event, named)
            except UserError as error:
                if str(error) != said:
                    sentences[lang] = self.env["event.store"]._error_text(error)
            except Exception as error:
                # What was refused stays refused, whatever a handler does in another language.
                if is_infrastructure_error(error):
                    raise
        return sentences

    # ------------------------------------------------------------------
    # Records that events name: of their company, or of none
    # ------------------------------------------------------------------

    @api.model
    @tools.ormcache("event_type")
    def _record_keys(self, event_type):
        """Return ``(key, model)`` of what may name records that belong to companies.

        Declared keys of the payload, and those of the state that fill a typed column.
        """
        snapshots = self.env[self._snapshot_model]
        columns = {name: snapshots._fields[name] for name in snapshots._typed_columns()}
        found = {name: f.comodel_name for name, f in columns.items() if f.type == "many2one"}
        for key, field in self._payload_fields.get(event_type, {}).items():
            if field.model:
                found[key] = field.model
        return tuple((key, model) for key, model in found.items() if self._of_companies(model))

    @api.model
    def _of_companies(self, model_name):
        records = self.env.get(model_name)
        return records is not None and not records._abstract and "company_id" in records._fields

    @api.model
    def _look_up_named(self, events, named):
        """Note which of the records that events name may be used, in one query per model.

        :param events: ``(company id, event type, payload)`` of each
        :param dict named: ``{(company id, model): {record id: whether it may be used}}``,
            which is filled
        """
        wanted, keys = {}, {}
        for company_id, event_type, payload in events:
            if event_type not in keys:
                keys[event_type] = self._record_keys(event_type)
            for key, model in keys[event_type]:
                record_id = self._record_id(payload.get(key))
                if record_id and record_id not in named.get((company_id, model), ()):
                    wanted.setdefault((company_id, model), set()).add(record_id)
        for place, ids in wanted.items():
            foreign = self._foreign_to(*place, ids)
            named.setdefault(place, {}).update((i, i not in foreign) for i in ids)

    @api.model
    def _foreign_to(self, company_id, model, ids):
        """Return which of the records are of other companies than one, and those above it.

        One that is not there at all is none of these: the snapshot says so.
        """
        # Of the company only its parents are wanted, not its letterhead in every language.
        records = self.env(su=True)[model].with_context(active_test=False, prefetch_fields=False)
        domain = records._check_company_domain(self.env["res.company"].browse(company_id))
        seen = records.search([("id", "in", list(ids)), *domain], order="id").ids
        others = set(ids).difference(seen)
        return set(records.browse(others).exists().ids) if others else others

    @api.model
    def _record_id(self, value):
        """Return a value as the id of a record, None where it is none."""
        if type(value) is float and value.is_integer():
            value = int(value)
        return value if type(value) is int and 1 <= value < 2**31 else None

    @api.model
    def _check_named(self, keys, before, after, event, named):
        """Refuse an event that names a record which its company cannot see.

        The sentence says nothing of the record but its id.

        :param keys: as :meth:`_record_keys` gives them
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
                record_id = self._record_id(holder.get(key))
                if record_id is None or record_id == before.get(key):
                    continue
                known = named.setdefault((event.company_id, model), {})
                if record_id not in known:
                    foreign = self._foreign_to(event.company_id, model, [record_id])
                    known[record_id] = not foreign
                if not known[record_id]:
                    sentence = self._not_visible(key, model, record_id)
                    raise RuleViolation(sentence, f"payload:{key}:record")

    @api.model
    def _not_visible(self, key, model, record_id):
        return _(
            "%(label)s: the %(record)s with the id %(id)s cannot be used by the company of this"
            " event; give the id of one of that company, or of one that all share.",
            label=self._payload_label(key),
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
