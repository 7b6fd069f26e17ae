"""The event store with a boundary: bookings, one append and one commit each, as over RPC."""

import threading
from functools import partial

from psycopg2.errors import DeadlockDetected, SerializationFailure

from benchmarks.answering import answer
from benchmarks.contestants.emptying import empty_store
from benchmarks.contestants.in_odoo import as_admin, load
from benchmarks.seats import SLOW_DISK, Client, given_twice

registry = load()
# By it the store knows a call over RPC, which waits in line; see ``savepoint.use_read_committed``.
threading.current_thread().url = "http://localhost/jsonrpc"


def reset():
    """Empty the store."""
    with registry.cursor() as cr:
        empty_store(cr)
    return {}


def _with_client(kind, work, delay=0, held=()):
    with as_admin(registry) as env:
        store = env["event.store"]
        if held:
            calls = [
                {
                    "model_name": kind,
                    "aggregate_id": f"held-{number}",
                    "event_type": "Booked",
                    "payload": {"seat": seat},
                }
                for number, seat in enumerate(held)
            ]
            store.append_batch(calls)
        env.cr.execute(SLOW_DISK.format(delay))
        env.cr.commit()

        def decide(event_type, booking, seat):
            try:
                answered = store.append(kind, booking, event_type, {"seat": seat})
                env.cr.commit()
            except BaseException:
                env.cr.rollback()
                raise
            if answered["outcome"] not in ("applied", "rejected"):
                raise ValueError(answered["message"])
            return answered["outcome"] == "applied"

        return work(Client(decide, (SerializationFailure, DeadlockDetected)))


def book(kind, tag, seats, seconds, delay=0, held=0):
    """Book and release; see :class:`benchmarks.seats.Client`.

    :param int delay: microseconds that each commit takes more
    :param int held: how many bookings each seat has before that
    """
    work = partial(Client.book, tag=tag, seats=seats, seconds=seconds)
    return _with_client(kind, work, delay, [*seats] * held)


def race(kind, tag, count, begin, pace):
    """Book seats that all others want at the same moment."""
    return _with_client(kind, lambda client: client.race(tag, count, begin, pace))


def verify():
    """Fold all events that are stored; ids are drawn under the locks of keys."""
    with registry.cursor() as cr:
        cr.execute(
            "SELECT event_type, aggregate_id, payload->>'seat' FROM event_store"
            " WHERE outcome = 'applied' ORDER BY id"
        )
        events = cr.fetchall()
    return {"twice": given_twice(events), "events": len(events)}


if __name__ == "__main__":
    answer(reset=reset, book=book, race=race, verify=verify)
