import json
from contextlib import nullcontext
from dataclasses import dataclass, field

import psycopg2

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error
from odoo.addons.event_sourcing_base.gc_pause import MANY, pause_gc
from odoo.addons.event_sourcing_base.page_size import FIRST_PAGE, next_page

from ..event import EventData
from .event_checkpoint import CHECKPOINT_INTERVAL
from .event_store import FAILURE_TYPES

CURSOR = SQL.identifier("event_store_reader")
# Of ``event``, behind its aggregate type: what EventData.from_row takes.
EVENT_COLUMNS = SQL(
    """event.aggregate_id, event.event_type, event.payload::text,
       event.version, date_trunc('second', event.timestamp),
       event.schema_version, event.event_uuid,
       coalesce(event.correlation_id, ''), coalesce(event.causation_id, ''),
       event.company_id, event.create_uid, coalesce(event.timezone, 'UTC')"""
)


@dataclass(slots=True)
class FoldResult:
    """How far an aggregate has been folded, and to what.

    :ivar state: JSON object in normal form
    :ivar version: of the last event looked at, 0 for none
    :ivar last: the last event that was applied, None for none
    :ivar problem: the exception that stopped the fold, None where all is well
    :ivar stopped_at: the event that could not be folded, where it was one
    :ivar checkpoints: ``(state, EventData)`` of the applied events at which a checkpoint is due
    """

    state: dict
    version: int = 0
    last: EventData | None = None
    problem: Exception | None = None
    stopped_at: EventData | None = None
    checkpoints: list = field(default_factory=list)


class EventStoreReader(models.Model):
    """Folding many streams at a time, past the ORM and in bounded memory."""

    _inherit = "event.store"
    # Events that a server-side cursor fetches at a time.
    _reader_page = 1000

    @api.model
    def _fold_to_now(self, handler, model_name, keys):
        """Fold whole streams from the events, beginning at checkpoints where they count.

        :param list keys: of streams, ``(company id, aggregate id)``
        :return: ``{key: FoldResult}``, each with its last applied event
        """
        if not keys:
            return {}
        checkpoints, begun, versions = self.env["event.checkpoint"], {}, {}
        for key in keys:
            versions[key], state = checkpoints._nearest(handler, model_name, key)
            begun[key] = [FoldResult(state, versions[key])]
        folded = self._fold_streams(model_name, keys, begun=begun)
        folded = {key: fold for key, (fold,) in folded.items()}
        for key, fold in folded.items():
            if versions[key] and fold.last is None and fold.problem is None:
                # Nothing was applied since the checkpoint: it was taken at the last one.
                try:
                    ((fold.last, _outcome),) = self._read_streams(
                        model_name, {key: versions[key] - 1}, last=versions[key]
                    )
                except UserError as error:
                    fold.problem = error
        return folded

    @api.model
    def _fold_streams(self, model_name, keys, moments=(None,), begun=None, last=None):
        """Fold the applied events of many streams of one aggregate type; the way of every replay.

        :param keys: of the streams, ``(company id, aggregate id)``
        :param moments: for each a fold of what had happened by then; None is now
        :param dict begun: what :meth:`_fold_streams` gave before, to go on from there
        :param int last: no versions after this one, None for all
        :return: ``{key: [FoldResult, one per moment]}``, for every key asked for
        """
        try:
            with self.env.cr.savepoint(flush=False):
                return self._fold_together_again(model_name, keys, moments, begun, last)
        except psycopg2.Error as error:
            # A handler's SQL broke the savepoint: find out whose, stream by stream.
            if is_infrastructure_error(error):
                raise
            if len(keys) == 1:
                folds = begun[keys[0]] if begun else [FoldResult({}) for _moment in moments]
                for fold in folds:
                    fold.problem = error
                return {keys[0]: folds}
        folded = {}
        for key in keys:
            folded.update(self._fold_streams(model_name, [key], moments, begun, last))
        return folded

    @api.model
    def _fold_together_again(self, model_name, keys, moments, begun, last):
        handler = self._find_handler(model_name)
        until = None if None in moments else max(moments)
        with pause_gc() if len(keys) > MANY else nullcontext():
            folded = begun or {
                key: [FoldResult(handler._initial_state()) for _moment in moments] for key in keys
            }
            after = {key: folded[key][0].version for key in keys}
            for event, outcome in self._read_streams(model_name, after, until, last):
                for moment, result in zip(moments, folded[event.key], strict=True):
                    if result.problem is None and (moment is None or event.timestamp <= moment):
                        self._fold_further(handler, result, event, outcome)
        return folded

    @api.model
    def _fold_further(self, handler, result, event, outcome):
        if outcome == "applied":
            try:
                result.state = handler._fold(result.state, event)
            except Exception as error:
                result.stopped_at = event
                if isinstance(error, psycopg2.Error) or is_infrastructure_error(error):
                    raise
                result.problem = error
                return
            result.last = event
            if event.version % CHECKPOINT_INTERVAL == 0:
                result.checkpoints.append((result.state, event))
        result.version = event.version

    @api.model
    def _problem_text(self, result):
        """Return in words what stopped a fold, and at which event.

        :param FoldResult result: with a problem
        """
        reason = self._error_text(result.problem)
        if result.stopped_at is None:
            return reason
        return _(
            "Version %(version)s (%(type)s): %(reason)s",
            version=result.stopped_at.version,
            type=result.stopped_at.event_type,
            reason=reason,
        )

    @api.model
    def _unreadable(self, model_name, keys):
        """Return ``{key: exception}`` of streams whose events are not all here; a hook."""
        return {}

    @api.model
    def _read_streams(self, model_name, after, until=None, last=None):
        """Yield ``(EventData, outcome)`` of many streams, by company, aggregate and version.

        A server-side cursor holds a page in memory at a time, however long they are.

        :param dict after: ``{key: version to read on after}``
        :param datetime until: only what had happened by then, None for all
        :param int last: no versions after this one, None for all
        """
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        self.env.cr.execute(
            SQL(
                """
                DECLARE %s NO SCROLL CURSOR FOR
                SELECT %s AS model_name, %s, event.outcome
                  FROM unnest(%s::int[], %s::text[], %s::int[])
                       AS wanted (company_id, aggregate_id, after)
                  JOIN event_store AS event
                    ON event.model_name = ANY(%s)
                   AND event.aggregate_id = wanted.aggregate_id
                   AND event.company_id = wanted.company_id
                   AND event.version > wanted.after
                   AND event.event_type NOT IN %s
                   AND (%s OR event.timestamp <= %s)
                   AND (%s OR event.version <= %s)
                 ORDER BY event.company_id, event.aggregate_id COLLATE "C", event.version
                """,
                CURSOR,
                model_name,
                EVENT_COLUMNS,
                [key[0] for key in after],
                [key[1] for key in after],
                list(after.values()),
                names,
                FAILURE_TYPES,
                until is None,
                until,
                last is None,
                last,
            )
        )
        page = min(self._reader_page, FIRST_PAGE)
        while True:
            self.env.cr.execute(SQL("FETCH %s FROM %s", page, CURSOR))
            rows = self.env.cr.fetchall()
            # One text for all takes half of what psycopg2 takes for each by itself.
            payloads = json.loads(f"[{','.join([row[3] for row in rows])}]")
            for row, payload in zip(rows, payloads, strict=True):
                yield EventData.from_row(row, payload), row[-1]
            if len(rows) < page:
                break
            page = next_page(page, sum(len(row[3]) for row in rows), self._reader_page)
        self.env.cr.execute(SQL("CLOSE %s", CURSOR))
