import logging
import math
import time
from datetime import timedelta

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.db_errors import db_error_kinds

from ..own_transaction import in_own_transaction, statements_alone
from ..tries import NO_TRY, LastTry, page_size
from .event_projection_build import TRIES
from .event_subscription import NO_ERROR
from .event_subscription_run import (
    DEATHS,
    RETRIES,
    SHORT_RETRIES,
    ProcessEnded,
    told,
)

_logger = logging.getLogger(__name__)

# Seconds that a build may take at a time, before others have their turn.
TURN = 1


class EventProjectionBuildRun(models.Model):
    """Folding the events into the tables beside: by workers, or by the scheduler."""

    _inherit = "event.projection.build"

    @api.model
    def _to_run(self):
        """Return SQL for the ids of builds that are under way, as a query."""
        return SQL(
            """
            SELECT build.id FROM event_projection_build AS build
              JOIN event_subscription AS sub ON sub.id = build.subscription_id
             WHERE build.state IN ('building', 'ready') AND sub.consumer = ANY(%s)
               AND (build.next_try IS NULL OR build.next_try NOT BETWEEN timezone('UTC', now())
                    AND timezone('UTC', now()) + make_interval(secs => %s))
             ORDER BY build.id
            """,
            list(self.env["event.consumer.registry"]._names()),
            2 * RETRIES[-1],  # beyond any pause: the clock was set back
        )

    @api.model
    def _run_builds(self, deadline=None):
        """Give every build that is under way one page; return whether one moved."""
        with statements_alone(self.env.registry) as cr:
            cr.execute(self._to_run())
            found = [build_id for (build_id,) in cr.fetchall()]
        moved = [self._run_for_a_while(build_id, deadline) for build_id in found]
        return any(moved)

    @api.model
    def _run_for_a_while(self, build_id, deadline):
        """Give a build pages for a second; return whether one moved."""
        end = min(time.monotonic() + TURN, deadline or math.inf)
        moved = 0
        while self._run_page(build_id):
            moved += 1
            if time.monotonic() >= end:
                break
        return bool(moved)

    @api.model
    def _run_page(self, build_id):
        """Give one page of events to a build, in a transaction of its own.

        :return: whether its position moved
        """
        events = []
        try:
            with in_own_transaction(self.browse(build_id)) as own:
                before = own._lock()
                return before is not None and own._give_page(events, before)
        except Exception as problem:
            error, kinds = problem, set(db_error_kinds(problem))
        if "conflict" in kinds:
            TRIES.forget(self.env.registry, build_id)
        if not kinds.isdisjoint(("conflict", "lost")):
            _logger.info("Build %s tries again: %s", build_id, error)
            return False
        with in_own_transaction(self.browse(build_id)) as own:
            own._note_error(error, events)
        TRIES.forget(self.env.registry, build_id)
        return False

    def _lock(self):
        """Lock the row; return the last try, None where there is nothing to do."""
        self.env.cr.execute(
            "SELECT last.place, last.events FROM event_projection_build AS build"
            "  LEFT JOIN event_projection_build_try AS last ON last.build_id = build.id"
            " WHERE build.id = %s AND build.state IN ('building', 'ready')"
            "   FOR NO KEY UPDATE OF build SKIP LOCKED",
            [self.id],
        )
        self.invalidate_recordset(flush=False)
        found = self.env.cr.fetchone()
        return found and LastTry(*found)

    def _give_page(self, given, last=NO_TRY):
        """Fold the next events into the tables beside.

        :param list given: takes the events, for whoever has to say what went wrong
        :param LastTry last: what :meth:`_lock` found
        :return: whether there were any
        """
        projection = self.env[self.subscription_id.consumer]
        store, before = self.env["event.store"], self._position()
        suspects = last.died_at(before) or self.suspect_count
        limit = page_size(projection._page_size, suspects)
        events, position = store._read_feed_page(before, projection._feed_filter(), limit)
        if position == before:
            if self.state == "building":
                self.write({"state": "ready", "progress": 100})
            return False
        given += events
        taken = len(events)
        if events:
            self._note_try(before, events)
            with self._inside(), projection._limited():
                if self.error_count:
                    taken = self._give_singly(projection, given)
                else:
                    projection._consume(self.subscription_id, events)
        if taken < len(events):
            # The good ones stay; the next page begins with the one that fails.
            self._move(store._feed_within(before, events[taken - 1]))
            return True
        self._move(position)
        left = max(0, suspects - len(events)) if position.until else 0
        self.write({**self._progress(events, position), "suspect_count": left})
        return True

    def _note_try(self, position, events):
        """Note that these events are tried; refuse one at which the process always ends."""
        tries = TRIES.note(self.env.registry, self.id, position, len(events))
        if tries > DEATHS and len(events) == 1 and not self._is_skipped(events[0]):
            raise ProcessEnded(self.subscription_id._died_sentence(events[0]))

    def _give_singly(self, projection, given):
        """Fold events one by one, up to the one that fails.

        One that a manager let the read model in use skip is passed over where it fails.

        :param list given: the events; only the first one is left of them where that fails
        :return: how many went well
        :raise Exception: what the first one raises
        """
        for number, event in enumerate(given):
            try:
                with self.env.cr.savepoint():
                    projection._consume(self.subscription_id, [event])
            except Exception as error:
                if not set(db_error_kinds(error)).isdisjoint(("conflict", "lost")):
                    raise
                if self._is_skipped(event):
                    continue
                if number == 0:
                    del given[1:]
                    raise
                return number
        return len(given)

    def _is_skipped(self, event):
        """Whether a manager let the read model in use do without an event."""
        skips = self.env["event.projection.skip"]
        return bool(
            skips.search(
                [
                    ("subscription_id", "=", self.subscription_id.id),
                    ("event_id", "=", event.id),
                ],
                limit=1,
            )
        )

    def _progress(self, events, position):
        vals = {**NO_ERROR, "consumed_count": self.consumed_count + len(events)}
        if not position.until:
            return {**vals, "state": "ready", "progress": 100}
        self.env.cr.execute("SELECT coalesce(max(id), 1) FROM event_store")
        return {**vals, "progress": min(99, 100 * position.after / self.env.cr.fetchone()[0])}

    def _note_error(self, error, events):
        _logger.warning("The build %s failed.", self.label, exc_info=error)
        count = self.error_count + 1
        text, lines = told(self.env["event.store"], error)
        vals = {
            "error_count": count,
            "last_error": text,
            "last_traceback": lines,
            "failed_event_id": events[0].id if len(events) == 1 else False,
        }
        if "resources" in db_error_kinds(error):
            count = vals["error_count"] = min(count, SHORT_RETRIES)
        if count > len(RETRIES) or isinstance(error, ProcessEnded):
            vals.update(state="failed", next_try=False)
        else:
            # In the database's clock, which also says when it is due.
            vals["next_try"] = self.env.cr.now() + timedelta(seconds=RETRIES[count - 1])
        self.write(vals)
        if self.state == "failed":
            self._raise_alert()
