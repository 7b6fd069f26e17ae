"""The feed: who appends with all that makes a cursor hard, and who follows."""

import time

from psycopg2.errors import SerializationFailure

from benchmarks.answering import answer
from benchmarks.contestants.in_odoo import as_admin
from benchmarks.contestants.ours import calls_of, prepare, registry, reset
from benchmarks.workload import RENTAL, in_batches, rentals

CONSUMER = "bench.projection"
STALLED = 120  # seconds without an event after which following is given up


def write(tag, aggregates, batch, pause=0):
    """Append with a commit after each batch; every tenth batch is rolled back first.

    :param pause: seconds after each batch
    :return: ``committed``: the last id of each transaction, and when it was committed
    """
    committed, began = [], time.time()
    calls = calls_of(rentals(tag, aggregates))
    with as_admin(registry) as env:
        store = env["event.store"]
        env.cr.commit()
        for number, part in enumerate(in_batches(calls, batch)):
            if number % 10 == 9:
                store.append_batch(part)
                env.cr.rollback()
            last = _append(store, part)
            committed.append((last, time.time()))
            time.sleep(pause)
    return {"count": len(calls), "seconds": time.time() - began, "committed": committed}


def _append(store, part):
    """Append and commit, again after a conflict, as Odoo does; return the id of the last event."""
    while True:
        try:
            answers = store.append_batch(part)
            store.env.cr.commit()
            return answers[-1]["id"]
        except SerializationFailure:
            store.env.cr.rollback()


def begin(first):
    """Let the read model be empty, and begin with the first event or with those to come."""
    with registry.cursor() as cr:
        env = _superuser(cr)
        env["event.subscription"]._sync()
        store = env["event.store"]
        position = store._feed_start() if first else store._feed_now()
        _subscription(env)._move(position)
        cr.execute("TRUNCATE bench_total")
    return {}


def follow(count):
    """Work until so many events were taken, beside somebody who writes and does not end.

    :return: ``taken``: ids, and when each was committed with its effect
    """
    del registry[CONSUMER].taken[:]
    taken, began = [], time.time()
    last = began
    with registry.cursor() as idle, registry.cursor() as cr:
        idle.execute("SELECT pg_current_xact_id()")
        subscriptions = _superuser(cr)["event.subscription"]
        cr.commit()
        while len(taken) < count and time.time() - last < STALLED:
            worked = subscriptions._run_due()
            ids = registry[CONSUMER].taken[:]
            if ids:
                del registry[CONSUMER].taken[:]
                last = time.time()
                taken += [(event_id, last) for event_id in ids]
            if not worked:
                _check(subscriptions)
                time.sleep(0.1)
        idle.rollback()
    return {"count": len(taken), "seconds": last - began, "taken": taken}


def _check(subscriptions):
    """Raise where the read model failed: it would be tried again, and later."""
    subscription = _subscription(subscriptions.env)
    subscription.invalidate_recordset()
    error = subscription.last_error
    subscriptions.env.cr.rollback()
    if error:
        raise ValueError(error)


def compare():
    """Return how many events were lost, came twice, or came out of the order of their stream."""
    with registry.cursor() as cr:
        cr.execute(
            """
            SELECT coalesce(sum(greatest(stored.events - coalesce(total.events, 0), 0)), 0),
                   coalesce(sum(greatest(coalesce(total.events, 0) - stored.events, 0)), 0),
                   coalesce(sum(coalesce(total.disorder, 0)), 0)
              FROM (SELECT aggregate_id, count(*) AS events FROM event_store
                     WHERE model_name = %s AND outcome IN ('applied', 'logged')
                       AND aggregate_id LIKE 'F%%' GROUP BY aggregate_id) AS stored
              LEFT JOIN bench_total AS total USING (aggregate_id)
            """,
            [RENTAL],
        )
        lost, twice, disorder = map(int, cr.fetchone())
    return {"lost": lost, "twice": twice, "disorder": disorder}


def _superuser(cr):
    from odoo import SUPERUSER_ID, api

    return api.Environment(cr, SUPERUSER_ID, {})


def _subscription(env):
    return env["event.subscription"].search([("consumer", "=", CONSUMER)])


if __name__ == "__main__":
    answer(
        prepare=prepare,
        reset=reset,
        write=write,
        begin=begin,
        follow=follow,
        compare=compare,
    )
