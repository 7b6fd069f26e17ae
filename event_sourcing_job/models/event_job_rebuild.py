from psycopg2 import IntegrityError

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.event_sourcing.models.event_stream import StreamHead
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error

from ..chunk_size import ChunkSize
from .event_snapshot_drift import ORPHAN_LIMIT


class EventJobRebuild(models.Model):
    """Rebuilding snapshots, and checking them: the same fold, with and without writing."""

    _inherit = "event.job"
    # Events that are folded before it is asked whether the chunk is full.
    _fold_step = 2000

    def _read_check(self):
        """Fold the next streams and compare; one transaction sees events and snapshots alike."""
        chunk = self._read_rebuild()
        chunk["drifts"] = []
        for model_name, folded in chunk["streams"].items():
            chunk["drifts"] += self.env["event.snapshot.drift"]._of_streams(model_name, folded)
            handler = self.env["event.store"]._find_handler(model_name)
            chunk["drifts"] += self.env["event.checkpoint"]._differences(
                handler, model_name, folded
            )
            chunk["drifts"] += self.env["event.snapshot.drift"]._of_boundaries(model_name, folded)
        return chunk

    def _write_check(self, chunk):
        count = self.env["event.snapshot.drift"]._record(self, chunk["drifts"])
        return {"done": chunk["count"], **count}

    def _finish_check(self):
        drifts = self.env["event.snapshot.drift"]
        companies, names = self._asked_companies(), self._model_names()
        found = [] if self.aggregate_ids else drifts._of_orphans(names, companies)
        if not self.aggregate_ids:
            found += drifts._of_boundary_orphans(names, companies)
        if not self.model_name:
            found += drifts._of_missing_handlers(names, companies)
        for name, count in drifts._record(self, found).items():
            self[name] += count

    def _read_rebuild(self):
        """Fold the next streams from their first events, without locking anything."""
        place = self._cursor_record()
        until = None if place == self else place.until or None
        return self._fold_next(place.position, self.aggregate_ids or None, until=until)

    def _fold_next(self, position, aggregate_ids=None, moments=(None,), until=None):
        """Fold the next streams, fewer where their states are large or it takes long.

        A stream is folded as a whole: a chunk holds one at least.

        :return: dict with ``position``, ``count`` and ``streams``
        """
        store, size = self.env["event.store"], ChunkSize()
        names, companies = self._model_names(), self._asked_companies()
        step = min(self._fold_step, store._reader_chunk)
        streams, count = {}, 0
        for _step in range(store._reader_chunk // step):
            position, found = store._stream_chunk(
                position, names, aggregate_ids, until=until, companies=companies, events=step
            )
            for model_name, keys in found.items():
                folded = store._fold_streams(model_name, keys, moments)
                streams.setdefault(model_name, {}).update(folded)
                size.bytes += sum(self._size_of(folds) for folds in folded.values())
                count += len(keys)
            if position is None or count >= store._reader_page or size.is_full():
                break
        return {"position": position, "count": count, "streams": streams}

    @api.model
    def _size_of(self, folds):
        """Return about how many bytes the folds of a stream hold."""
        return sum(len(repr(fold.state)) * (1 + len(fold.checkpoints)) for fold in folds)

    def _write_rebuild(self, chunk):
        """Replace the snapshots that are not what their events say.

        The heads of the streams are locked, so that no append comes between the fold
        of the last events and the snapshot. What is locked by an append at this moment
        is left in ``held``, unless the chunk is patient.
        """
        counts = {"done": chunk["count"], "changed_count": 0, "problem_count": 0, "drift_count": 0}
        chunk["count"] = 0  # counted once, although what was held comes again
        held = {}
        for model_name in sorted(chunk["streams"]):
            folded = chunk["streams"][model_name]
            locked = self._lock_heads(model_name, list(folded), chunk.get("patient"))
            left = {key: folded[key] for key in folded.keys() - locked.keys()}
            if left:
                held[model_name] = left
            free = {key: folded[key] for key in sorted(locked)}
            longer = {
                key: fold for key, fold in free.items() if fold[0].version < locked[key].version
            }
            if longer:
                self.env["event.store"]._fold_streams(model_name, list(longer), begun=longer)
            for name, count in self._write_rebuilt(model_name, free).items():
                counts[name] += count
            self._note_applied(model_name, free, locked)
        chunk["held"] = held
        return counts

    @api.model
    def _lock_heads(self, model_name, keys, patient):
        """Lock stream heads in the order in which appends lock them.

        :return: ``{key: StreamHead}`` of those that are locked now
        """
        self.env.cr.execute(
            SQL(
                "SELECT head.company_id, head.aggregate_id, head.version,"
                "       coalesce(head.unapplied, 0)"
                "  FROM unnest(%s::int[], %s::text[]) AS wanted (company_id, aggregate_id)"
                "  JOIN event_stream AS head USING (company_id, aggregate_id)"
                " WHERE head.model_name = %s"
                ' ORDER BY head.company_id, head.aggregate_id COLLATE "C"'
                " FOR NO KEY UPDATE OF head %s",
                [key[0] for key in keys],
                [key[1] for key in keys],
                model_name,
                SQL("" if patient else "SKIP LOCKED"),
            )
        )
        return {row[:2]: StreamHead(*row[2:], []) for row in self.env.cr.fetchall()}

    @api.model
    def _note_applied(self, model_name, folded, heads):
        """Let the heads of streams say which of their events was applied last."""
        applied = {
            (key[0], model_name, key[1]): fold.last.version if fold.last else 0
            for key, (fold,) in folded.items()
            if fold.problem is None
        }
        named = {(key[0], model_name, key[1]): head for key, head in heads.items()}
        for statement in self.env["event.stream"]._applied_statement(named, applied):
            self.env.cr.execute(*statement)

    def _write_rebuilt(self, model_name, folded):
        """Write the snapshots that differ from ``{key: [FoldResult]}``; return counts."""
        drifts = self.env["event.snapshot.drift"]
        handler = self.env["event.store"]._find_handler(model_name)
        snapshots = handler.env[handler._snapshot_model]
        made = handler._rows_of_folds(fold for (fold,) in folded.values())
        whole = {key: fold for key, (fold,) in folded.items() if fold.problem is None}
        empty = [key for key, fold in whole.items() if fold.last is None]
        rows = [vals for vals, _text in made]
        text_of = {self._key_of(vals): text for vals, text in made}
        # To compare a row with nothing takes nearly as long as to write it.
        stored = snapshots._stored(handler._today_model_name(model_name), list(text_of))
        absent = [vals for vals in rows if self._key_of(vals) not in stored]
        rows = [vals for vals in rows if self._key_of(vals) in stored]
        texts = [text_of[self._key_of(vals)] for vals in rows]
        rows = absent + [vals for vals, _stored in snapshots._differences(rows, texts)]
        problems = drifts._of_problems(model_name, folded)
        changed = []
        try:
            with self.env.cr.savepoint():
                snapshots._upsert(rows, [text_of[self._key_of(vals)] for vals in rows])
            changed = list(map(self._key_of, rows))
        except IntegrityError as error:
            if is_infrastructure_error(error):
                raise
            for vals in rows:  # find out whose row the database refuses
                key = self._key_of(vals)
                try:
                    with self.env.cr.savepoint():
                        # A snapshot may be lost after a record that its events speak of.
                        snapshots._upsert(snapshots._drop_dangling([vals]))
                    changed.append(key)
                except IntegrityError as reason:
                    found = snapshots._find_violations([vals], applied=True).get(0)
                    said = found and snapshots._explain_violation(found)
                    text = said or self.env["event.store"]._error_text(reason)
                    problems.append(drifts._problem(model_name, key, text))
        if empty:
            snapshots._forget(model_name, empty)
        self.env["event.checkpoint"]._retake(handler, model_name, folded)
        changed += handler._without_source(whole.keys() - {*changed, *empty})
        handler._notify_source(changed)
        return {"changed_count": len(changed), **drifts._record(self, problems)}

    @api.model
    def _key_of(self, vals):
        """Return which stream of its type a row of a snapshot is about."""
        return vals["company_id"], vals["aggregate_id"]

    def _finish_rebuild(self):
        """Remove snapshots without events, and name what no handler folds."""
        drifts = self.env["event.snapshot.drift"]
        if not self.aggregate_ids:
            for model_name in self._model_names():
                handler = self.env["event.store"]._find_handler(model_name)
                snapshots = handler.env[handler._snapshot_model]
                orphans = snapshots._orphans([model_name], ORPHAN_LIMIT, self._asked_companies())
                snapshots._forget(model_name, [key for _model, key in orphans])
                self.changed_count += len(orphans)
        if not self.model_name:
            found = drifts._of_missing_handlers(self._model_names(), self._asked_companies())
            for name, count in drifts._record(self, found).items():
                self[name] += count
