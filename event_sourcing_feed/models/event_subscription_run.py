import logging
import random
import time
import traceback
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing.models.event_store_insert import fill_cache
from odoo.addons.event_sourcing_base.arguments import shown
from odoo.addons.event_sourcing_base.db_errors import db_error_kinds

from ..own_transaction import CONFLICT_PAUSES, in_own_transaction
from ..tries import NO_TRY, LastTry, page_size
from .event_feed_cluster import CLUSTER
from .event_subscription import POSITION, RECOVERED, TRIES

_logger = logging.getLogger(__name__)

FALLBACK_SECONDS = 50
POLL = 0.1
MAX_WAIT = 30
# Seconds until a consumer that failed is tried again; after the last one it is stopped.
RETRIES = (1, 10, 60, 600, 3600)
SHORT_RETRIES = 3  # of them, where it is nobody's fault
# How often the process may end at an event that it was given alone; then that is set aside.
DEATHS = 4
MAX_TEXT = 20_000


class ProcessEnded(UserError):
    """The process ended again and again at one event: no try helps."""


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
    def _run_page(self, subscription_id):
        """Give one page of events to a consumer, in a transaction of its own.

        :return: whether there is more to do at once: its position moved, or it gets fewer events
        """
        sub = self.browse(subscription_id)
        for pause in (*CONFLICT_PAUSES, None):
            events = None
            try:
                with in_own_transaction(sub) as own:
                    before = own._lock()
                    if not before:
                        return False
                    events = []
                    return own._give_page(events, before)
            except Exception as problem:
                error, kind = problem, next(db_error_kinds(problem), None)
            if kind == "lost" or (kind == "conflict" and events is None):
                # The next turn finds whether the database answers, or where the other one is. A
                # consumer that always loses its connection is known by how often it was tried.
                _logger.info("Subscription %s tries again: %s", subscription_id, error)
                return False
            if kind != "conflict":
                break
            with in_own_transaction(sub) as own:
                own._forget_tries()
            if pause:
                time.sleep(pause * random.uniform(0.5, 1))
        with in_own_transaction(sub) as own:
            # Where it is locked, somebody else is at it already.
            return bool(own._lock()) and own._note_error(error, events)

    def _lock(self):
        """Lock the row and read it.

        Without its key: the note of a try, of another connection, refers to it.

        :return: ``LastTry``, or None where somebody else has it or it is to be given no pages
        """
        self.invalidate_recordset(flush=False)
        names = [
            name
            for name, field in self._fields.items()
            if field.store and field.column_type and name != "id"
        ]
        self.env.cr.execute(
            SQL(
                """
                SELECT last.place, last.events, %s
                  FROM event_subscription AS sub
                  LEFT JOIN event_subscription_try AS last ON last.subscription_id = sub.id
                 WHERE sub.id = %s AND %s
                   FOR NO KEY UPDATE OF sub SKIP LOCKED
                """,
                SQL(", ").join(SQL.identifier("sub", name) for name in names),
                self.id,
                self._polled(),
            )
        )
        row = self.env.cr.fetchone()
        if row is None:
            return None
        for name, value in zip(names, row[2:], strict=True):
            fill_cache(self, name, [value])
        return LastTry(*row[:2])

    def _give_page(self, given, before=NO_TRY):
        """Give the consumer what is new; see :meth:`_run_page`.

        :param list given: takes the events, for whoever has to say what went wrong
        :param LastTry before: what :meth:`_lock` found
        """
        consumer = self.env[self.consumer]
        store, position = self.env["event.store"], self._position()
        condition = consumer._feed_filter()
        # Where one of some events is bad, half of them are given: the good ones pass, and after
        # a few tries the bad one is given alone.
        suspects = before.died_at(position) or self.suspect_count
        limit = page_size(consumer._page_size, suspects)
        events, moved = store._read_feed_page(position, condition, limit)
        if moved == position:
            return False
        given += events
        vals = {name: getattr(moved, name) for name in POSITION}
        if events:
            began = time.monotonic()
            tries = TRIES.note(self.env.registry, self.id, position, len(events))
            if tries > DEATHS and len(events) == 1:
                self._set_aside(consumer, events[0])
            else:
                with consumer._limited():
                    taken = consumer._consume(self, events)
                if taken is not None and taken < len(events):
                    events = events[:taken]
                    moved = store._feed_within(position, events[-1])
                    vals = {name: getattr(moved, name) for name in POSITION}
            left = suspects - len(events) if moved.until else 0
            vals.update(self._success(events, time.monotonic() - began, left))
        self._save(vals)
        return True

    def _save(self, vals):
        """Write columns by one statement: the ORM asks for the time before."""
        values = [
            SQL("%s = %s", SQL.identifier(name), self._fields[name].convert_to_column(value, self))
            for name, value in vals.items()
        ]
        self.env.cr.execute(
            SQL(
                "UPDATE event_subscription SET write_date = timezone('UTC', now()), write_uid = %s,"
                " %s WHERE id = %s",
                self.env.uid,
                SQL(", ").join(values),
                self.id,
            )
        )
        self.invalidate_recordset(flush=False)

    # ------------------------------------------------------------------
    # What the next process knows of one that died
    # ------------------------------------------------------------------

    def _set_aside(self, consumer, event):
        """Do without the consumer at an event at which the process always ends."""
        if consumer._could_not_consume(self, event):
            return
        raise ProcessEnded(self._died_sentence(event))

    @api.model
    def _died_sentence(self, event):
        """Return what is said of an event at which the process ended again and again."""
        return _(
            "The process ended %(count)s times while it worked on the event %(event)s.",
            count=DEATHS,
            event=event.id,
        )

    # ------------------------------------------------------------------
    # How it went
    # ------------------------------------------------------------------

    def _success(self, events, seconds, suspects):
        """Return values that say how it went."""
        vals = {
            "consumed_count": self.consumed_count + len(events),
            "last_event_id": events[-1].id,
            "last_consumed_on": fields.Datetime.now(),
        }
        if len(events) >= 100:
            vals["rate"] = len(events) / max(seconds, 1e-6)
        if suspects > 0:
            vals["suspect_count"] = suspects
        elif self.error_count or self.suspect_count:
            vals.update(RECOVERED)
        return vals

    def _note_error(self, error, events):
        """Note what a consumer raised: fewer events come next, or the one that is bad again later.

        :param list events: what it was given, or None
        :return: whether it goes on at once, with fewer events
        """
        text, lines = told(self.env["event.store"], error)
        vals = {"last_error": text, "last_traceback": lines}
        shortage = "resources" in db_error_kinds(error)  # a full disk is the fault of no event
        if events and not shortage:
            vals["suspect_count"] = len(events)
        several = bool(events) and len(events) > 1 and not shortage
        if several:
            _logger.warning("%s failed at one of %s events: %s", self.consumer, len(events), text)
        else:
            _logger.warning("%s failed.", self.consumer, exc_info=error)
            vals.update(self._next_try(shortage, isinstance(error, ProcessEnded)))
            vals["failed_event_id"] = events[0].id if events and not shortage else False
        self.write(vals)
        self._forget_tries()
        if vals.get("state") == "stopped":
            label = self.consumer
            self.env["event.alert"]._raise_alert(
                self._stop_alert_key(),
                self._name,
                self.id,
                lambda env: env["event.subscription"]._stopped_message(label),
            )
        return several

    def _next_try(self, shortage=False, useless=False):
        """Return values that say when it is tried again after one more error, or that it stops.

        :param bool shortage: whether it is nobody's fault: then it is tried for ever
        :param bool useless: whether no further try helps
        """
        count = self.error_count + 1
        if shortage:
            count = min(count, SHORT_RETRIES)
        if count > len(RETRIES) or useless:
            return {"error_count": count, "state": "stopped", "next_try": False}
        pause = RETRIES[count - 1] * random.uniform(1, 1.2)
        # In the database's clock, which also says when it is due.
        return {"error_count": count, "next_try": self.env.cr.now() + timedelta(seconds=pause)}

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
            with in_own_transaction(self) as own:
                done = own._has_taken(name, event_ids)
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
