from collections import Counter

from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.canonical_json import sort_keys
from odoo.addons.event_sourcing_base.savepoint import LazySavepoint

from ..transfer_format import FOLLOWS


class EventImportRestore(models.Model):
    """Storing exported events as they were recorded: outcomes, reasons and failure events.

    Rules were asked when they were recorded, and are not asked again: what was applied is
    folded, what was refused stays refused. No other way leads here than a job that has
    checked the signature of a whole file.
    """

    _inherit = "event.job"

    def _restore(self, items):
        """Store the events of a chunk that are not stored yet: all or none.

        :param list items: as the check takes them, in the order of the file
        :return: how many were stored
        :raise UserError: where a stream went on in the meantime
        """
        stored, away = self._find_stored(items)
        for sentence in away.values():
            raise UserError(sentence)
        vals_list, before = [], set(stored)
        for item in items:
            vals = item["vals"]
            if item["key"] in stored and self._is_other(item, stored):
                uuid = vals["event_uuid"]
                raise UserError(_("The event %(uuid)s is stored otherwise here.", uuid=uuid))
            if item["key"] not in before:
                vals_list.append(vals)
            before.add(item["key"])
        if not vals_list:
            return 0
        store = self.env["event.store"].sudo()
        with LazySavepoint(self.env.cr) as step:
            step.begin()
            streamed = [vals for vals in vals_list if vals["event_type"] not in FAILURE_TYPES]
            heads = self._advance_to(step, streamed)
            events = store._insert([self._row_of(vals) for vals in vals_list])
            self._as_recorded(events, vals_list)
            self._fold_restored(events, vals_list, heads)
            for follow in store._followers({vals["model_name"] for vals in vals_list}):
                follow(events.ids)
        return len(vals_list)

    def _advance_to(self, step, vals_list):
        """Move the stream heads to the versions of these events.

        :return: ``{(company id, model_name, aggregate_id): StreamHead}``, with states to be trusted
        :raise UserError: where that would leave a hole, or give a version twice
        """
        counts = Counter(map(self._stream_key, vals_list))
        if not counts:
            return {}
        store = self.env["event.store"].sudo()
        names = {model_name for _company_id, model_name, _id in counts}
        folded = store._new_fold_batch({name: store._find_handler(name) for name in names})
        functions = {name: handler._begin_call() for name, (handler, *_rest) in folded.items()}
        heads, _rows = self.env["event.stream"].sudo()._advance(step, counts, functions)
        store._refold_stale(heads, folded)
        following = {key: head.version - len(head.ids) + 1 for key, head in heads.items()}
        for vals in vals_list:
            key = self._stream_key(vals)
            if vals["version"] != following[key]:
                raise UserError(
                    _(
                        "%(aggregate)s went on in the meantime: version %(version)s of the file"
                        " does not fit any more.",
                        aggregate="/".join(key[1:]),
                        version=vals["version"],
                    )
                )
            following[key] += 1
        return heads

    @api.model
    def _row_of(self, vals):
        row = {
            name: value for name, value in vals.items() if name in self.env["event.store"]._fields
        }
        return {**row, "failed_event_id": None, "retry_of_id": None, "origin": "restored"}

    def _as_recorded(self, events, vals_list):
        """Say who recorded these events and when, and which others they follow.

        The trigger lets a row change in the transaction that wrote it.
        """
        recorders = {(vals["recorded_by"], vals["company_id"]) for vals in vals_list}
        self.env.cr.execute(
            "INSERT INTO event_store_reference (user_id, company_id)"
            " SELECT * FROM unnest(%s::int[], %s::int[]) ON CONFLICT DO NOTHING",
            list(map(list, zip(*sorted(recorders), strict=True))),
        )
        columns = ("company_id", "recorded_by", "recorded_on", *FOLLOWS)
        self.env.cr.execute(
            """
            UPDATE event_store AS event
               SET create_uid = said.who, create_date = coalesce(said.moment, event.create_date),
                   failed_event_id = failed.id, retry_of_id = retried.id
              FROM unnest(%s::int[], %s::int[], %s::int[], %s::timestamp[], %s::text[], %s::text[])
                   AS said (id, company_id, who, moment, failed_uuid, retry_of_uuid)
              LEFT JOIN event_store AS failed
                ON failed.event_uuid = said.failed_uuid AND failed.company_id = said.company_id
               AND failed.event_type NOT IN %s
              LEFT JOIN event_store AS retried
                ON retried.event_uuid = said.retry_of_uuid
               AND retried.company_id = said.company_id AND retried.event_type IN %s
             WHERE event.id = said.id
            """,
            [
                events.ids,
                *([vals[name] for vals in vals_list] for name in columns),
                *(FAILURE_TYPES, FAILURE_TYPES),
            ],
        )
        self.env["event.store"].invalidate_model(flush=False)

    def _fold_restored(self, events, vals_list, heads):
        """Fold what was applied into the snapshots, each written once."""
        store = self.env["event.store"]
        by_model = {}
        for event, vals in zip(events, vals_list, strict=True):
            if vals["outcome"] == "applied":
                company_id, model_name, aggregate_id = self._stream_key(vals)
                streams = by_model.setdefault(model_name, {})
                streams.setdefault((company_id, aggregate_id), []).append((event, vals))
        last_applied = {
            key: head.applied
            for key, head in heads.items()
            if self._memory_handler(key[1]) is not None
        }
        boundary, entries, ids = self.env["event.boundary"].sudo(), [], {}
        for model_name, streams in by_model.items():
            handler = store._find_handler(model_name)
            if handler is None:
                continue
            if self._memory_handler(model_name) is None:
                for applied in streams.values():
                    for event, _vals in applied:
                        handler.apply_event(event)
                continue
            stored = {}
            for key in streams:
                head = heads[key[0], model_name, key[1]]
                if head.problem is not None:
                    raise head.problem
                stored[key] = head.state
            states, folded = handler._begin_states(stored), {}
            for key, applied in streams.items():
                state = states[key]
                for event, vals in applied:
                    place = model_name, vals["version"], vals["company_id"]
                    value = self._as_event_data(vals, *place, vals["recorded_by"])
                    before, state = state, handler._fold(sort_keys(state), value)
                    ids[value.stream, value.version] = event.id
                    entries += boundary._restored_entries(handler, value, before, state)
                folded[key] = state, value
                last_applied[key[0], model_name, key[1]] = value.version
            handler._save_applied(folded)
        entries.sort(key=lambda entry: ids[entry[2].stream, entry[2].version])
        boundary._add_restored(entries, ids)
        for statement in self.env["event.stream"]._applied_statement(heads, last_applied):
            self.env.cr.execute(*statement)
