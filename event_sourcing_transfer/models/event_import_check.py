from functools import partial

import psycopg2

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.event import EventData, text_hash
from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise
from odoo.addons.event_sourcing_base.compat import readable
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error

from ..transfer_format import FOLLOWS


class EventImportCheck(models.Model):
    """Looking at rows as an append would, without keeping anything.

    What the rows before left behind, streams with their states and the UUIDs seen, is in
    the scratch tables of the job: nothing is locked, and memory holds one chunk.
    """

    _inherit = "event.job"

    def _check_items(self, items):
        """Return what came of a chunk of rows.

        :param list items: dicts with ``line``, ``vals``, ``given``, ``key`` and ``excerpt``
        :return: dict with ``refused``, a list of ``(line, reason, excerpt)``, ``known``, how
            many are stored already, ``unhandled``, how many no handler folds, by aggregate
            type, ``seen`` and ``streams``, for the scratch tables
        """
        try:
            with self.env.cr.savepoint(flush=False):
                return self._check_together(items, isolate_each=False)
        except psycopg2.Error as error:
            # A handler's SQL broke the savepoint: find out whose, event by event.
            if is_infrastructure_error(error):
                raise
        return self._check_together(items, isolate_each=True)

    def _check_together(self, items, isolate_each):
        new_items, seen, refused, known = self._new_among(items)
        streams = self._streams_of(new_items)
        batch = {
            "asker": self._asker(),
            "isolate_each": isolate_each,
            "record": self.options["broken"] == "record",
            "references": self._references(new_items, seen),
            "folded": {},
            "keys": self._read_keys(new_items, streams),
            "named": self._look_up_named(new_items),
        }
        for item in new_items:
            reason = self._check_item(item, streams, batch)
            if reason:
                refused.append((item["line"], reason, item["excerpt"]))
        restored = any("content_hash" in item["vals"] for item in new_items)
        if restored or not batch["record"]:
            for key, item, reason in self._check_snapshots(batch["folded"], streams, restored):
                refused.append((item["line"], reason, item["excerpt"]))
                # Told once: what comes after it is not folded any more.
                streams[key] = streams[key][0], None
        for place, state in batch["keys"].items():
            streams[self._staged_key(place)] = 0, state
        return {
            "refused": sorted(refused),
            "known": known,
            "unhandled": self._count_unhandled(new_items, {line for line, *_ in refused}),
            "seen": seen,
            "streams": streams,
        }

    # ------------------------------------------------------------------
    # The same event twice
    # ------------------------------------------------------------------

    def _new_among(self, items):
        """Tell apart what is new, stored already, and said twice."""
        keys = ["/".join(map(str, item["key"])) for item in items]
        before = self.env["event.import.staged.row"]._load(self, keys)
        stored, away = self._find_stored(items)
        self._hide_unreadable(stored, away)
        new_items, seen, refused, known = [], {}, [], 0
        for key, item in zip(keys, items, strict=True):
            if item["key"] in away:
                refused.append((item["line"], away[item["key"]], item["excerpt"]))
                continue
            digest = self._digest(item["vals"])
            twin, there = seen.get(key) or before.get(key), item["key"] in stored
            if twin and item["key"][0] == "import_key":
                reason = _(
                    "The row says the same as line %(line)s; if it happened twice, give each an"
                    " event_uuid of its own.",
                    line=twin[0],
                )
                refused.append((item["line"], reason, item["excerpt"]))
            elif (twin and twin[1] != digest) or (there and self._is_other(item, stored)):
                reason = _(
                    "The UUID %(uuid)s was already used for a different event;"
                    " give every event a UUID of its own.",
                    uuid=item["vals"]["event_uuid"],
                )
                refused.append((item["line"], reason, item["excerpt"]))
            else:
                known += bool(twin) or there
                if not twin and not there:
                    new_items.append(item)
            seen.setdefault(key, (item["line"], digest))
        return new_items, seen, refused, known

    def _digest(self, vals):
        """Return what makes an event the same: its hash, or all that a row says of it."""
        if vals.get("content_hash"):
            return vals["content_hash"]
        said = {name: value for name, value in vals.items() if value is not None}
        said.update(payload_json=None, timestamp=str(vals["timestamp"]))
        return text_hash(canonical(said))

    def _find_stored(self, items):
        """Return which rows are events that are stored.

        Restored failure events are known by their UUID, too: nobody else can store one.

        :return: ``({key: event id}, {key: sentence})``, the second of those that an append
            would refuse, since they are in an archive
        """
        store = self.env["event.store"].sudo()
        store.flush_model()
        own = [item["key"] for item in items if item["key"][0] != "failure"]
        stored, away = {}, {}
        try:
            stored = store._stored_by_key(own) if own else {}
        except UserError:
            for key in own:
                try:
                    stored.update(store._stored_by_key([key]))
                except UserError as error:
                    away[key] = str(error)
        stored = {key: ids[0] for key, ids in stored.items() if ids}
        failures = [item["key"] for item in items if item["key"][0] == "failure"]
        if failures:
            self.env.cr.execute(
                SQL(
                    """
                    SELECT 'failure', event.company_id, event.event_uuid, event.id
                      FROM unnest(%s::int[], %s::text[]) AS key (company_id, event_uuid)
                      JOIN event_store AS event USING (company_id, event_uuid)
                     WHERE event.event_type IN %s
                    """,
                    [company_id for _kind, company_id, _uuid in failures],
                    [uuid for _kind, _company_id, uuid in failures],
                    FAILURE_TYPES,
                )
            )
            stored.update((row[:3], row[3]) for row in self.env.cr.fetchall())
        return stored, away

    def _hide_unreadable(self, stored, away):
        """Let a file of guesses not tell which events exist that the asker may not read.

        A UUID in use is refused as an append refuses it, whatever else the row says; a row
        without one is looked at as a new one.

        :param dict stored: ``{key: event id}``; hidden events are taken out
        :param dict away: ``{key: sentence}`` of what is refused; those with UUIDs are put in
        """
        store = self._asker()["event.store"]
        seen = set(readable(store.browse(set(stored.values()))).ids)
        for key, event_id in list(stored.items()):
            if event_id in seen:
                continue
            del stored[key]
            if key[0] != "import_key":
                away[key] = store._unreadable_uuid()

    def _is_other(self, item, stored):
        """Whether the stored event of the same UUID does not say what the row says."""
        event = self.env["event.store"].sudo().browse(stored[item["key"]])
        if "content_hash" in item["vals"]:
            return event.content_hash != item["vals"]["content_hash"]
        if item["key"][0] == "import_key":
            return False
        return event._contradicts(item["given"], item["vals"], event)

    def _references(self, new_items, seen):
        """Return which of the events that others follow are known, as ``(company id, uuid)``."""
        wanted = {
            (item["vals"]["company_id"], item["vals"][name])
            for item in new_items
            for name in FOLLOWS
            if item["vals"].get(name)
        }
        if not wanted:
            return wanted
        kinds = ("event_uuid", "failure")
        texts = {f"{kind}/{key[0]}/{key[1]}": key for key in wanted for kind in kinds}
        known = {texts[text] for text in texts.keys() & seen.keys()}
        known |= {
            texts[text] for text in self.env["event.import.staged.row"]._load(self, list(texts))
        }
        missing = wanted - known
        if missing:
            self.env.cr.execute(
                "SELECT company_id, event_uuid"
                "  FROM unnest(%s::int[], %s::text[]) AS key (company_id, event_uuid)"
                "  JOIN event_store USING (company_id, event_uuid)",
                list(map(list, zip(*missing, strict=True))),
            )
            known.update(self.env.cr.fetchall())
        return known

    # ------------------------------------------------------------------
    # Streams
    # ------------------------------------------------------------------

    def _streams_of(self, items):
        """Return ``{key: (version, state)}``, as they stand before these rows."""
        keys = {self._stream_key(item["vals"]) for item in items if self._takes_version(item)}
        streams = self.env["event.import.staged.stream"]._load(self, keys)
        heads = self.env["event.stream"].sudo()
        registry = self.env["snapshot.handler.registry"]
        wanted = {}
        for company_id, model_name, aggregate_id in keys - streams.keys():
            wanted.setdefault(model_name, []).append((company_id, aggregate_id))
        for model_name, unknown in wanted.items():
            handler = self._memory_handler(model_name)
            states = {}
            if handler is not None:
                states = handler._load_states(model_name, unknown)
            names = registry._stream_names(model_name)
            domain = [
                ("model_name", "in", names),
                ("aggregate_id", "in", [key[1] for key in unknown]),
            ]
            found = {
                (head.company_id.id, head.aggregate_id): head.version
                for head in heads.search(domain)
            }
            for key in unknown:
                streams[key[0], model_name, key[1]] = found.get(key, 0), states.get(key)
        return streams

    def _stream_key(self, vals):
        """Return ``(company id, model_name, aggregate_id)``."""
        today = self.env["snapshot.handler.registry"]._canonical_name(vals["model_name"])
        return vals["company_id"], today, vals["aggregate_id"]

    @api.model
    def _takes_version(self, item):
        return item["vals"]["event_type"] not in FAILURE_TYPES

    def _memory_handler(self, model_name):
        """Return the handler of an aggregate type where it folds in memory, else None."""
        store = self.env["event.store"]
        handler = store._find_handler(model_name)
        return None if handler is None or not store._folds_in_memory(handler) else handler

    def _check_item(self, item, streams, batch):
        """Take one event into its stream; return why it cannot be, None where it can.

        :param dict batch: ``asker`` (an environment), ``isolate_each`` (each fold in a savepoint),
            ``record`` (whether refusals are kept), ``references`` (known UUIDs),
            ``folded``, which is filled: see :meth:`_check_snapshots`, ``keys``, too: see
            :meth:`_check_boundaries`, and ``named``
        """
        vals = item["vals"]
        for name in FOLLOWS:
            failed = vals.get(name)
            if not failed or (vals["company_id"], failed) in batch["references"]:
                continue
            return _(
                "The event %(uuid)s that failed is neither in the file nor stored here; import"
                " the period before this one first.",
                uuid=failed,
            )
        if vals["event_type"] in FAILURE_TYPES:
            return None
        key = self._stream_key(vals)
        version, state = streams[key]
        reason = self._check_company(key, batch["asker"])
        reason = reason or self._check_version(vals, key, version)
        if reason:
            if "content_hash" in vals and vals["version"] > version:
                # A hole is told once, not again for each event after it.
                streams[key] = vals["version"], state
            return reason
        version += 1
        if vals.get("outcome", "applied") == "applied" and state is not None:
            place = key[1], version, key[0]
            user_id = vals.get("recorded_by") or batch["asker"].uid
            event = self._as_event_data(vals, *place, user_id)
            before = state
            named = None if "content_hash" in vals else batch["named"].get(key[1], {})
            state, reason = self._check_fold(key[1], state, event, batch["isolate_each"], named)
            if named is not None and not reason:
                reason = self._check_boundaries(event, before, state, batch["keys"])
                state = before if reason else state
            if not reason:
                batch["folded"].setdefault(key, (before, []))[1].append((item, event))
        streams[key] = version, state
        if reason and "content_hash" in vals:
            return _(
                "Version %(version)s of %(aggregate)s (%(type)s) cannot be replayed by its handler"
                " as it is today: %(error)s",
                version=version,
                aggregate="/".join(key[1:]),
                type=vals["event_type"],
                error=reason,
            )
        return None if batch["record"] else reason

    def _check_company(self, key, asker):
        if not asker.su and key[0] not in asker.companies.ids:
            return _(
                "%(aggregate)s belongs to a company that you have no access to;"
                " switch to that company or ask your administrator.",
                aggregate="/".join(key[1:]),
            )
        return None

    def _check_version(self, vals, key, version):
        if vals["version"] in (None, version + 1):
            return None
        values = {"aggregate": "/".join(key[1:]), "version": vals["version"], "next": version + 1}
        if vals["version"] <= version:
            return _(
                "%(aggregate)s has another event as version %(version)s here; the next one is"
                " %(next)s.",
                **values,
            )
        return _(
            "Version %(version)s of %(aggregate)s would leave a hole: the next one is %(next)s."
            " Import the earlier events first.",
            **values,
        )

    def _look_up_named(self, new_items):
        """Return which records new events name can be seen, ``{model_name: named}``.

        See ``snapshot.handler._look_up_named``.
        """
        events, found = {}, {}
        for item in new_items:
            vals = item["vals"]
            if "content_hash" not in vals and self._takes_version(item):
                company_id, model_name, _aggregate_id = self._stream_key(vals)
                event = company_id, vals["event_type"], vals["payload"]
                events.setdefault(model_name, []).append(event)
        for model_name, some in events.items():
            handler = self._memory_handler(model_name)
            if handler is not None:
                handler._look_up_named(some, found.setdefault(model_name, {}))
        return found

    def _check_fold(self, model_name, state, event, isolate_each, named):
        """Return ``(state, reason)`` after one event; the state as it was where it is refused.

        :param dict named: see ``snapshot.handler._look_up_named``, None for what is restored
        """
        handler = self._memory_handler(model_name)
        fold = handler._fold if named is None else partial(handler._fold_new, named=named)
        try:
            if not isolate_each:
                return fold(normalise(state), event), None
            with self.env.cr.savepoint(flush=False):
                return fold(normalise(state), event), None
        except psycopg2.Error as error:
            if not isolate_each or is_infrastructure_error(error):
                raise
            return state, self.env["event.store"]._error_text(error)
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            known = isinstance(error, UserError)
            return state, str(error) if known else self.env["event.store"]._error_text(error)

    @api.model
    def _as_event_data(self, vals, model_name, version, company_id, user_id):
        return EventData(
            model_name=model_name,
            aggregate_id=vals["aggregate_id"],
            event_type=vals["event_type"],
            payload=vals["payload"],
            version=version,
            timestamp=vals["timestamp"],
            schema_version=vals["schema_version"],
            event_uuid=vals["event_uuid"] or "",
            correlation_id=vals["correlation_id"] or "",
            causation_id=vals["causation_id"] or "",
            company_id=company_id,
            user_id=user_id,
            timezone=vals.get("timezone") or "UTC",
        )
