"""The feed under load: nothing lost, nothing twice, nothing out of the order of streams."""

import os
import random
import signal

import psycopg2
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
)
from support.feed import added, cursor, env_of, fetch, how_many, projected
from support.forked import until

from odoo.tools import mute_logger

WRITERS = 6
ROUNDS = 25
KILLS = 5


@mute_logger("odoo.sql_db")
def write(prefix, number):
    """Append in all the ways that there are; some of it is rolled back."""
    dice = random.Random(number)
    for _round in range(ROUNDS):
        streams = dice.sample(range(12), dice.choice((1, 1, 3)))
        calls = [
            call for n in streams for call in added(f"{prefix}{n}", dice.choice((1, 1, 2, 20)))
        ]
        dice.shuffle(calls)
        level = dice.choice((ISOLATION_LEVEL_READ_COMMITTED, ISOLATION_LEVEL_REPEATABLE_READ))
        gives_up = dice.random() < 0.2
        while True:
            try:
                with cursor(level) as cr:
                    store = env_of(cr)["event.store"]
                    for part in (calls[:3], calls[3:]):  # two statements, one transaction
                        store.append_batch(part)
                    if gives_up:
                        cr.rollback()
                break
            except psycopg2.errors.OperationalError as error:
                if not error.pgcode or not error.pgcode.startswith("40"):
                    raise


def work():
    """Be a worker until it is told to end, or killed."""
    from odoo.addons.event_sourcing_feed.worker import Worker

    Worker(os.environ["ES_DB"]).run()


def stored(prefix):
    """Return ``{aggregate id: versions in order}`` of what was stored."""
    return dict(
        fetch(
            "SELECT aggregate_id, string_agg(version::text, ',' ORDER BY id) FROM event_store"
            " WHERE model_name = 'counter' AND aggregate_id LIKE %s AND outcome = 'applied'"
            " GROUP BY aggregate_id",
            prefix + "%",
        )
    )


def noted(prefix):
    """Return ``{aggregate id: versions in the order of the notes}``."""
    return dict(
        fetch(
            "SELECT note.aggregate_id, string_agg(event.version::text, ',' ORDER BY note.id)"
            " FROM counter_note AS note JOIN event_store AS event ON event.id = note.event_id"
            " WHERE note.aggregate_id LIKE %s GROUP BY note.aggregate_id",
            prefix + "%",
        )
    )


def all_have(prefix):
    expected = stored(prefix)
    return noted(prefix) == expected and projected(prefix) == expected


def test_nothing_is_lost_or_comes_twice_while_workers_are_killed(prefix, started):
    idle = cursor()
    idle.execute("SELECT pg_current_xact_id()")  # somebody who writes, all the time
    writers = [started(write, prefix, number) for number in range(WRITERS)]
    workers = [started(work), started(work)]
    for number in range(KILLS):
        before = how_many(prefix)
        until(lambda: how_many(prefix) > before or not _any_runs(writers))  # noqa: B023
        workers[number % 2].kill()
        workers[number % 2] = started(work)
    for writer in writers:
        assert writer.wait(60) == 0
    until(lambda: all_have(prefix), what="not all has come, or some of it twice")
    for worker in workers:
        worker.send(signal.SIGTERM)
        assert worker.wait() == 0
    idle.close()
    expected = stored(prefix)
    assert sum(len(versions.split(",")) for versions in expected.values()) > 10 * WRITERS
    assert projected(prefix) == expected
    assert noted(prefix) == expected


def _any_runs(processes):
    for process in processes:
        if process.code is None:
            pid, status = os.waitpid(process.pid, os.WNOHANG)
            if pid:
                process.code = os.waitstatus_to_exitcode(status)
    return any(process.code is None for process in processes)


def test_two_workers_that_are_killed_at_once(prefix, started):
    with cursor() as cr:
        store = env_of(cr)["event.store"]
        for number in range(10):
            store.append_batch(added(f"{prefix}{number}", 100))
    workers = [started(work), started(work)]
    until(lambda: how_many(prefix))
    for worker in workers:
        worker.send(signal.SIGKILL)
    for worker in workers:
        assert worker.wait() == -signal.SIGKILL
    started(work)
    until(lambda: all_have(prefix), what="not all has come, or some of it twice")


def test_sigterm_ends_a_worker_after_the_page_at_hand(prefix, started):
    (began, begins), (goes, go) = os.pipe(), os.pipe()

    with cursor() as cr:
        env = env_of(cr)
        env["event.store"].append_batch(added(f"{prefix}0", 3))
        model = type(env["counter.reaction"])
    worker = started(_slow_worker(model, begins, goes))
    os.read(began, 1)
    worker.send(signal.SIGTERM)
    os.write(go, b"1")
    assert worker.wait() == 0
    assert how_many(prefix) == 1


def _slow_worker(model, begins, goes):
    """Return a worker whose reaction says when it begins, and waits until it may go on."""
    original = model._react

    def react(self, event):
        os.write(begins, b"1")
        os.read(goes, 1)
        return original(self, event)

    def run():
        model._react, model._page_size = react, 1
        work()

    return run


def test_nothing_is_written_while_nothing_is_new(prefix, started):
    rows = (
        "SELECT sub.xmin::text, sub.ctid::text, tries.xmin::text FROM event_subscription AS sub"
        " LEFT JOIN event_subscription_try AS tries ON tries.subscription_id = sub.id"
        " ORDER BY sub.id"
    )
    with cursor() as cr:
        env = env_of(cr)
        while env["event.subscription"]._run_due():
            pass
        cr.rollback()
        before = fetch(rows)
        for _poll in range(5):
            assert not env["event.subscription"]._run_due()
        statements = cr.sql_log_count
        assert env["event.subscription"]._due().pages == []
        assert cr.sql_log_count == statements + 1  # for all subscriptions
    assert fetch(rows) == before
