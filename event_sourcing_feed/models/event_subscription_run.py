import logging
import random
import time
import traceback
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.arguments import shown
from odoo.addons.event_sourcing.db_errors import db_error_kinds

from .event_feed_cluster import CLUSTER
from .event_subscription import NO_ERROR, POSITION

_logger = logging.getLogger(__name__)

FALLBACK_SECONDS = 50
POLL = 0.1
MAX_WAIT = 30
# Seconds until a consumer that failed is tried again; after the last one it is stopped.
RETRIES = (1, 10, 60, 600, 3600)
# After so many tries at one position at which the process ended, events are given one by one,
# and after as many more the event is set aside.
DEATHS = 2
MAX_TEXT = 20_000
# Seconds before a page is tried again that met a conflict; after them it is an error.
CONFLICT_PAUSES = (0.05, 0.2, 0.5, 1)


def told(store, error):
    """Return the message and the traceback of an error, as rows hold them."""
    text = str(error) if isinstance(error, UserError) else f"{type(error).__name__}: {error}"
    lines = "".join(traceback.format_exception(error))
    return store._storable(text)[:MAX_TEXT], store._storable(lines)[-MAX_TEXT:]


def _is_id(value):
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31


class EventSubscriptionRun(models.Model):
    """Giving consumers what is new: by a worker, or by the scheduler once a minute.

    The row of a subscription is locked while its consumer works, so any number of workers share
    them. Effects and position are one transaction.
    """

    _inherit = "event.subscription"

    @api.model
    def _run_fallback(self):
        """Pass on what is new for most of a minute; the scheduler's way in."""
        deadline = time.monotonic() + FALLBACK_SECONDS
        self.env["event.feed.heartbeat"]._note_scheduler()
        while time.monotonic() < deadline and self._run_due(deadline):
            self.env["event.feed.heartbeat"]._note_scheduler()

    @api.model
    def _run_due(self, deadline=None):
        """Give every subscription that has something to do one page.

        :return: whether anything was done
        """
        with self.env.registry.cursor() as cr:
            due = self.with_env(self.env(cr=cr, su=True))._due()
        worked = False
        for subscription_id in due:
            if deadline and time.monotonic() >= deadline:
                break
            worked = self._run_page(subscription_id) or worked
        return self._run_other_due(deadline) or worked

    @api.model
    def _run_other_due(self, deadline=None):
        """Do what is due beside pages; a hook.

        :return: whether anything was done
        """
        return False

    @api.model
    def _due(self):
        """Return the ids of subscriptions that have something new; one statement for all."""
        names = self.env["event.consumer.registry"]._names()
        self.env.cr.execute(
            f"""
            SELECT sub.id FROM event_subscription AS sub
             WHERE sub.state = 'running' AND sub.consumer = ANY(%s)
               AND (sub.next_try IS NULL OR sub.next_try NOT BETWEEN timezone('UTC', now())
                    AND timezone('UTC', now()) + make_interval(secs => %s))
               AND (sub.until <> ''
                    OR sub.cluster IS DISTINCT FROM {CLUSTER}
                    OR EXISTS (SELECT FROM event_store
                                WHERE tx >= pg_snapshot_xmax(sub.seen::pg_snapshot)
                                  AND tx < pg_snapshot_xmax(pg_current_snapshot())
                                  AND id > sub.floor)
                    OR EXISTS (SELECT FROM event_store
                                WHERE tx = ANY(ARRAY(
                                          SELECT pg_snapshot_xip(sub.seen::pg_snapshot)))
                                  AND id > sub.floor))
             ORDER BY sub.last_consumed_on NULLS FIRST, sub.id
            """,
            # Further away than any pause: the clock was set back.
            [list(names), 2 * RETRIES[-1]],
        )
        return [subscription_id for (subscription_id,) in self.env.cr.fetchall()]

    @api.model
    def _run_page(self, subscription_id):
        """Give one page of events to a consumer, in a transaction of its own.

        :return: whether its position moved
        """
        for pause in (*CONFLICT_PAUSES, None):
            events = None
            try:
                with self.env.registry.cursor() as cr:
                    own = self._in(cr, subscription_id)
                    if not own._lock():
                        return False
                    events = []
                    return own._give_page(events)
            except Exception as problem:
                error, kind = problem, next(db_error_kinds(problem), None)
            if kind == "lost" or (kind == "conflict" and events is None):
                # The next turn finds whether the database answers, or where the other one is. A
                # consumer that always loses its connection is known by how often it was tried.
                _logger.info("Subscription %s tries again: %s", subscription_id, error)
                return False
            if kind != "conflict":
                break
            with self.env.registry.cursor() as cr:
                self._in(cr, subscription_id)._forget_tries()
            if pause:
                time.sleep(pause * random.uniform(0.5, 1))
        with self.env.registry.cursor() as cr:
            own = self._in(cr, subscription_id)
            if own._lock():  # else somebody else is at it already
                own._note_error(error, events)
        return False

    @api.model
    def _in(self, cr, subscription_id):
        return self.with_env(self.env(cr=cr, su=True, context={})).browse(subscription_id)

    def _lock(self):
        """Lock the row; return whether it is free and running.

        Without its key: the note of a try, of another connection, refers to it.
        """
        self.env.cr.execute(
            "SELECT FROM event_subscription WHERE id = %s AND state = 'running'"
            " FOR NO KEY UPDATE SKIP LOCKED",
            [self.id],
        )
        self.invalidate_recordset(flush=False)
        return bool(self.env.cr.rowcount)

    def _give_page(self, given):
        """Give the consumer what is new; see :meth:`_run_page`.

        :param list given: takes the events, for whoever has to say what went wrong
        """
        consumer = self.env[self.consumer]
        store, before = self.env["event.store"], self._position()
        condition = consumer._feed_filter()
        # After an error events are given one by one: the good ones pass, the bad one is known.
        alone = self.error_count > 0 or self._tries() > DEATHS
        limit = 1 if alone else consumer._page_size
        events, position = store._read_feed_page(before, condition, limit)
        if position == before:
            return False
        given += events
        if events:
            began = time.monotonic()
            if self._note_try() > 2 * DEATHS:
                self._set_aside(consumer, events[0])
            else:
                with consumer._limited():
                    consumer._consume(self, events)
            self._note_success(events, time.monotonic() - began)
        self._move(position)
        return True

    # ------------------------------------------------------------------
    # What the next process knows of one that died
    # ------------------------------------------------------------------

    def _place(self):
        return "/".join(str(value) for value in (self.seen, self.until, self.after))

    def _tries(self):
        """Return how often this position was tried before."""
        self.env.cr.execute(
            "SELECT tries FROM event_subscription_try WHERE subscription_id = %s AND place = %s",
            [self.id, self._place()],
        )
        return (self.env.cr.fetchone() or (0,))[0]

    def _note_try(self):
        """Note, whatever becomes of this transaction, that this position is tried; count it."""
        with self.env.registry.cursor() as cr:
            cr.execute(
                """
                INSERT INTO event_subscription_try AS before (subscription_id, place, tries)
                VALUES (%s, %s, 1)
                    ON CONFLICT (subscription_id) DO UPDATE
                   SET tries = CASE WHEN before.place = excluded.place
                                    THEN before.tries + 1 ELSE 1 END,
                       place = excluded.place
                RETURNING tries
                """,
                [self.id, self._place()],
            )
            return cr.fetchone()[0]

    def _set_aside(self, consumer, event):
        """Do without the consumer at an event at which the process always ends."""
        if consumer._could_not_consume(self, event):
            return
        raise UserError(
            _(
                "The process ended %(count)s times while it worked on the event %(event)s.",
                count=2 * DEATHS,
                event=event.id,
            )
        )

    # ------------------------------------------------------------------
    # How it went
    # ------------------------------------------------------------------

    def _note_success(self, events, seconds):
        vals = {
            "consumed_count": self.consumed_count + len(events),
            "last_event_id": events[-1].id,
            "last_consumed_on": fields.Datetime.now(),
        }
        if len(events) >= 100:
            vals["rate"] = len(events) / max(seconds, 1e-6)
        if self.error_count:
            vals.update(NO_ERROR)
        self.write(vals)

    def _note_error(self, error, events):
        """Note what a consumer raised, and when it is tried again; stop it in the end.

        :param list events: what it was given, or None
        """
        _logger.warning("%s failed.", self.consumer, exc_info=error)
        count = self.error_count + 1
        text, lines = told(self.env["event.store"], error)
        vals = {
            "error_count": count,
            "last_error": text,
            "last_traceback": lines,
            "failed_event_id": events[0].id if events and len(events) == 1 else False,
        }
        if count > len(RETRIES):
            vals.update(state="stopped", next_try=False)
        else:
            pause = RETRIES[count - 1] * random.uniform(1, 1.2)
            # In the database's clock, which also says when it is due.
            vals["next_try"] = self.env.cr.now() + timedelta(seconds=pause)
        self.write(vals)
        self._forget_tries()
        if vals.get("state") == "stopped":
            label = self.consumer
            self.env["event.alert"]._raise_alert(
                f"subscription:{label}",
                self._name,
                self.id,
                lambda env: env["event.subscription"]._stopped_message(label),
            )

    @api.model
    def _stopped_message(self, consumer):
        return _("%(consumer)s was stopped by an error and takes no events.", consumer=consumer)

    # ------------------------------------------------------------------
    # Waiting
    # ------------------------------------------------------------------

    @api.model
    def _wait_for(self, name, event_ids, timeout):
        store = self.env["event.store"]._with_user_lang()
        self = self.with_env(store.env)
        if name not in self.env["event.consumer.registry"]._names():
            raise UserError(_("There is no consumer %(name)s.", name=shown(name)))
        if not isinstance(event_ids, list | tuple) or not all(map(_is_id, event_ids)):
            raise UserError(_("event_ids must be a list of ids of events."))
        event_ids = sorted(set(event_ids))
        deadline = time.monotonic() + store._seconds("timeout", timeout)
        while True:
            with self.env.registry.cursor() as cr:
                done = self.with_env(self.env(cr=cr, su=True))._has_taken(name, event_ids)
            left = deadline - time.monotonic()
            if done or left <= 0:
                return done
            time.sleep(min(POLL, left))

    @api.model
    def _has_taken(self, name, event_ids):
        position = self.search([("consumer", "=", name)])._position()
        self.env.cr.execute(
            SQL(
                """
                SELECT count(*) FROM event_store
                 WHERE id = ANY(%(ids)s) AND (id <= %(floor)s OR %(cluster)s = %(current)s AND (
                       pg_visible_in_snapshot(tx, %(seen)s::pg_snapshot)
                          AND (%(ceiling)s = 0 OR id <= %(ceiling)s)
                       OR %(until)s <> '' AND id <= %(after)s
                          AND pg_visible_in_snapshot(tx, %(end)s::pg_snapshot)))
                """,
                ids=event_ids,
                current=SQL(CLUSTER),
                end=position.until or position.seen,
                **{name: getattr(position, name) for name in POSITION},
            )
        )
        return self.env.cr.fetchone()[0] == len(event_ids)
