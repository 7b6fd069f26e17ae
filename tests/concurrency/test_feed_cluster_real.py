"""The feed in a restored cluster, and while PostgreSQL is killed: with the real worker."""

import os
import signal
import subprocess
import uuid
from contextlib import suppress
from pathlib import Path

import psycopg2
import pytest
from support.commits import env_of
from support.durable import restored_cluster
from support.feed import add, added, cursor, fetch, how_many, let_consumers_begin, run_due
from support.forked import Forked, until

from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tools import config, mute_logger

DATABASE = "feedcrash"
ROUNDS = 30


@pytest.fixture(scope="module")
def key():
    """Let the consumers have seen some events of an aggregate, and not yet others."""
    key = f"R{uuid.uuid4().hex[:8]}"
    add(f"K{key}")
    let_consumers_begin()
    add(key, 3)
    run_due()
    add(key, 2)
    return key


@pytest.fixture(scope="module")
def cluster(key):
    with restored_cluster("feed", DATABASE, os.environ["ES_DB"]) as cluster:
        yield cluster


def start_worker(cluster):
    log = Path(os.environ["ES_ARTEFACTS"]) / "event_worker.log"
    return subprocess.Popen(
        [
            *(os.environ["ES_PYTHON"], os.environ["ES_LAUNCHER"]),
            *(f"--addons-path={os.environ['ES_ADDONS_PATH']}", "event_worker", "-d", DATABASE),
            *(f"--data-dir={os.environ['ES_DATA']}", f"--logfile={log}"),
        ],
        env=cluster.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@mute_logger("odoo.sql_db")
def write(cluster, key, told, ready):
    """Append in the restored database: some events at once, others when told, whatever it takes."""
    os.environ.update(cluster.environment)
    for option in ("host", "port", "user", "password"):  # 19.0 read them when it was loaded
        config[f"db_{option}"] = cluster.environment[f"PG{option.upper()}"]
    config["test_enable"] = False  # or loading would look for the addons' own tests
    registry = Registry(DATABASE)

    def append(calls):
        with registry.cursor() as cr:
            env_of(cr)["event.store"].append_batch(calls)

    for _number in range(3):  # a transaction each
        append(added(key))
    os.write(ready, b"1")
    os.read(told, 1)
    for number in range(ROUNDS):
        calls = [
            {**call, "event_uuid": f"{key}-{number}-{n}"}
            for n, call in enumerate(added(f"{key}-{number % 3}", 5))
        ]

        def again(calls=calls):
            # An append that loses its connection says so in a sentence.
            with suppress(psycopg2.OperationalError, psycopg2.InterfaceError, UserError):
                append(calls)
                return True

        until(again)


def versions(cluster, query, key):
    with suppress(psycopg2.OperationalError):
        connection = cluster.connect(DATABASE)
        try:
            with connection.cursor() as cr:
                cr.execute(query, [f"{key}%"])
                return dict(cr.fetchall())
        finally:
            connection.close()
    return {}


STORED = (
    "SELECT aggregate_id, string_agg(version::text, ',' ORDER BY id) FROM event_store"
    " WHERE aggregate_id LIKE %s AND outcome = 'applied' GROUP BY aggregate_id"
)
PROJECTED = "SELECT aggregate_id, events FROM counter_total WHERE aggregate_id LIKE %s"
NOTED = (
    "SELECT note.aggregate_id, string_agg(event.version::text, ',' ORDER BY note.id)"
    " FROM counter_note AS note JOIN event_store AS event ON event.id = note.event_id"
    " WHERE note.aggregate_id LIKE %s GROUP BY note.aggregate_id"
)


def test_restored_and_killed(cluster, key):
    """One story, since a server takes long to make: restored, written to, read, killed."""
    (told, tell), (is_ready, ready) = os.pipe(), os.pipe()
    writer = Forked(write, cluster, key, told, ready)
    os.close(ready)  # so that its end is noticed
    worker = None
    try:
        assert os.read(is_ready, 1)
        # Three were seen before the backup, two not; three came before anybody polled here.
        assert versions(cluster, STORED, key) == {key: "1,2,3,4,5,6,7,8"}
        assert versions(cluster, NOTED, key) == {key: "1,2,3"}
        worker = start_worker(cluster)
        # It loads the registry first, which takes long on a busy machine.
        until(lambda: versions(cluster, NOTED, key) == {key: "1,2,3,4,5,6,7,8"}, 180)
        until(lambda: versions(cluster, PROJECTED, key) == {key: "1,2,3,4,5,6,7,8"})
        os.write(tell, b"1")
        until(lambda: len(versions(cluster, NOTED, key)) > 1)
        cluster.crash()
        cluster.recover()
        assert writer.wait(60) == 0
        expected = versions(cluster, STORED, key)
        assert sum(len(each.split(",")) for each in expected.values()) == 8 + 5 * ROUNDS
        until(lambda: versions(cluster, PROJECTED, key) == expected)
        until(lambda: versions(cluster, NOTED, key) == expected)
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(20) == 0
    finally:
        writer.kill()
        if worker is not None and worker.poll() is None:
            worker.kill()
            worker.wait()


def test_an_upgraded_cluster_counts_on(key, monkeypatch):
    """pg_upgrade gives another identifier, and goes on with the numbers of transactions."""
    monkeypatch.setattr(Registry(os.environ["ES_DB"])["counter.reaction"], "_page_size", 1)
    with cursor() as cr:
        env = env_of(cr)
        while env["event.subscription"]._run_due():
            pass
        cr.rollback()
        before = how_many(key)
        env["event.store"].append_batch(added(f"{key}-u", 3))
        cr.commit()
        # It stops between two pages of the reaction, and before any of the projection.
        sub = env["event.subscription"].search([("consumer", "=", "counter.reaction")])
        cr.rollback()
        assert sub._run_page(sub.id)
        sub.invalidate_recordset()
        assert sub.until and how_many(key) == before + 1
        cr.rollback()
        cr.execute("SELECT id, system FROM event_feed_cluster")
        notes = cr.fetchall()
        try:
            cr.execute("UPDATE event_feed_cluster SET system = 'the one before'")
            cr.execute(
                "UPDATE event_subscription SET cluster = 'the one before/' ||"
                " split_part(cluster, '/', 2)"
            )
            cr.commit()
            env["event.store"]._register_hook()  # the first process after the upgrade
            env["event.store"].append_batch(added(f"{key}-u", 2))
            cr.commit()
            while env["event.subscription"]._run_due():
                pass
            assert how_many(key) == before + 5
            assert fetch(PROJECTED, f"{key}-u") == [(f"{key}-u", "1,2,3,4,5")]
            assert fetch("SELECT count(*) FROM event_feed_cluster") == [(len(notes) + 1,)]
        finally:
            cr.rollback()
            cr.execute("DELETE FROM event_feed_cluster WHERE id > %s", [notes[-1][0]])
            for number, system in notes:
                cr.execute(
                    "UPDATE event_feed_cluster SET system = %s WHERE id = %s", [system, number]
                )
            cr.execute(
                "UPDATE event_subscription SET cluster = %s",
                [f"{notes[-1][1]}/{notes[-1][0]}"],
            )
