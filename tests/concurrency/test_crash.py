"""PostgreSQL killed, its disk full, a connection lost, a dump restored: nothing is lost.

All of it on a cluster of its own with ``fsync``, into which the test database is restored.
"""

import os
import subprocess
import tempfile
import threading
import time
import uuid
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg2
import pytest
from support.durable import restored_cluster
from support.server import OdooServer

from tools import account

WRITERS = 8
DATABASE = "crash"
GATE = 471100  # see the handler "slow"


@pytest.fixture(scope="module")
def cluster():
    # As it was made: what other tests wrote only takes time.
    with restored_cluster("crash", DATABASE, os.environ["ES_TEMPLATE"]) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def server(cluster):
    """A multi-process Odoo on the restored database."""
    server = OdooServer(DATABASE, workers=3, environment=cluster.environment)
    try:
        yield server.start()
    finally:
        server.kill()


@pytest.fixture
def key():
    return f"crash-{uuid.uuid4().hex[:8]}"


def event(key, number, **payload):
    return {
        "model_name": "counter",
        "aggregate_id": key,
        "event_type": "Added",
        "payload": {"amount": 1, **payload},
        "event_uuid": f"{key}-{number}",
    }


def work_off(call, kind):
    """Run a job over everything to its end; return it."""
    job = call("event.job", "start", kind)["id"]
    while call("event.job", "poll", [job])["under_way"]:
        pass
    (found,) = call(
        "event.job", "read", [job], ["state", "drift_count", "problem_count", "message"]
    )
    return found


def events_of(cluster, key):
    with cluster.connect(DATABASE).cursor() as cr:
        cr.execute("SELECT count(*) FROM event_store WHERE aggregate_id LIKE %s", [f"{key}%"])
        return cr.fetchone()[0]


def test_a_restored_row_is_not_opened_by_a_number_that_comes_again(cluster):
    """Transactions of the new cluster begin with low numbers; some stand in restored rows."""
    connection = cluster.connect(DATABASE)
    with connection.cursor() as cr:
        cr.execute("SELECT pg_current_xact_id()::text::bigint")
        (now,) = cr.fetchone()
        cr.execute(
            "SELECT id, tx::text::bigint FROM event_store WHERE tx::text::bigint > %s"
            " ORDER BY tx LIMIT 1",
            [now + 10],
        )
        row = cr.fetchone()
        assert row, "the test database holds no row of a later transaction"
        event_id, coming = row
        # A savepoint that writes takes a number, too, and many fit into one statement.
        cr.execute("CREATE TEMP TABLE number (taken int)")
        cr.execute(
            f"DO $$ BEGIN FOR number IN 1..{coming - now - 100} LOOP"
            " BEGIN INSERT INTO number VALUES (1); EXCEPTION WHEN others THEN RAISE; END;"
            " END LOOP; END $$"
        )
        while now < coming - 1:
            cr.execute("SELECT pg_current_xact_id()::text::bigint")
            (now,) = cr.fetchone()
        cr.execute("BEGIN")
        cr.execute("SELECT pg_current_xact_id()::text::bigint")
        assert cr.fetchone()[0] == coming
        with pytest.raises(psycopg2.errors.RestrictViolation):
            cr.execute("UPDATE event_store SET payload = '{}' WHERE id = %s", [event_id])
        cr.execute("ROLLBACK")
    connection.close()


def test_after_a_restore_everything_works_on(server, cluster, key):
    _uid, call = server.login("admin", "admin")
    found = work_off(call, "check")
    assert (found["state"], found["drift_count"]) == ("done", 0), found
    known = call("event.stream", "search_read", [["model_name", "=", "rental"]], [], 0, 1)[0]
    answer = call(
        *("event.store", "append", "rental", known["aggregate_id"], "RentalInvoiced"),
        {"amount": 1},
    )
    assert answer["version"] == known["version"] + 1
    assert call("event.store", "state_at", "rental", known["aggregate_id"])["version"]
    call("event.store", "append_batch", [event(key, number) for number in range(3)])
    assert [e["version"] for e in call("event.store", "read_stream", "counter", key)] == [1, 2, 3]
    with cluster.connect(DATABASE).cursor() as cr:
        for statement in ("UPDATE event_store SET payload = '{}'", "DELETE FROM event_store"):
            with pytest.raises(psycopg2.errors.RestrictViolation):
                cr.execute(statement)


def test_kill_9_of_postgresql_and_of_workers_under_load(server, cluster, key):
    _uid, call = server.login("admin", "admin")
    acknowledged, stopping = [], threading.Event()

    def write(writer):
        number = 0
        while not stopping.is_set():
            number += 1
            one = event(f"{key}-{writer % 5}", f"{writer}-{number}")
            deadline = time.monotonic() + 60
            while True:
                try:
                    (answer,) = call("event.store", "append_batch", [one])
                    break
                except (OSError, xmlrpc.client.Error):
                    assert time.monotonic() < deadline
                    time.sleep(0.1)
            acknowledged.append((one["aggregate_id"], one["event_uuid"], answer["version"]))

    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, writer) for writer in range(WRITERS)]
        time.sleep(1.5)
        before = len(acknowledged)
        cluster.crash()
        time.sleep(0.5)
        cluster.recover()
        time.sleep(1.5)
        server.kill_one_worker()
        time.sleep(1.5)
        stopping.set()
        for writer in writers:
            writer.result()
    assert 0 < before < len(acknowledged)  # and the same server went on afterwards
    streams = {}
    for stream in {stream for stream, _uuid, _version in acknowledged}:
        events = call("event.store", "read_stream", "counter", stream)
        assert [e["version"] for e in events] == list(range(1, len(events) + 1))
        streams[stream] = [e["event_uuid"] for e in events]
    for stream, event_uuid, version in acknowledged:
        assert streams[stream].count(event_uuid) == 1
        assert streams[stream][version - 1] == event_uuid
    found = work_off(call, "check")
    assert (found["state"], found["drift_count"]) == ("done", 0), found


def test_a_connection_lost_in_the_middle_of_a_batch(server, cluster, key):
    _uid, call = server.login("admin", "admin")
    batch = [{**event(key, number, wait=number == 5), "model_name": "slow"} for number in range(10)]
    gate = cluster.connect(DATABASE)
    with gate.cursor() as cr, ThreadPoolExecutor(1) as pool:
        cr.execute("SELECT pg_advisory_lock(%s)", [GATE])
        waiting = pool.submit(call, "event.store", "append_batch", batch)
        pids, deadline = [], time.monotonic() + 20
        while not pids:
            assert time.monotonic() < deadline
            cr.execute(
                "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
                " AND NOT granted",
                [GATE],
            )
            pids = cr.fetchall()
        cr.execute("SELECT pg_terminate_backend(%s)", pids[0])
        with pytest.raises(xmlrpc.client.Fault) as caught:
            waiting.result(30)
    gate.close()
    assert caught.value.faultCode == 2, caught.value.faultString
    assert "connection to the database was lost. Nothing was stored" in caught.value.faultString
    assert "\n" not in caught.value.faultString
    assert events_of(cluster, key) == 0
    answers = call("event.store", "append_batch", batch)
    assert [answer["version"] for answer in answers] == list(range(1, 11))
    assert events_of(cluster, key) == 10


@contextmanager
def small_disk(cluster):
    """A real file system of 128 MiB under the event table, where mounting is allowed.

    Nearly full; gives the function that makes room.
    """
    connection = cluster.connect(DATABASE, user="postgres")
    with tempfile.TemporaryDirectory() as folder, connection.cursor() as cr:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=128m", "tmpfs", folder], check=True)
        try:
            os.chmod(folder, 0o755)
            space, filler = Path(folder, "space"), Path(folder, "filler")
            space.mkdir(mode=0o700)
            account.give(space)
            cr.execute("CREATE TABLESPACE small OWNER odoo LOCATION %s", [str(space)])
            cr.execute("ALTER TABLE event_store SET TABLESPACE small")
            free = os.statvfs(folder)
            filler.write_bytes(b"x" * (free.f_bavail * free.f_bsize - 4 * 2**20))
            yield filler.unlink
            cr.execute("ALTER TABLE event_store SET TABLESPACE pg_default")
            cr.execute("DROP TABLESPACE small")
        finally:
            subprocess.run(["umount", "-l", folder], check=True)
    connection.close()


@contextmanager
def small_files(cluster):
    """A limit on what PostgreSQL's processes may write into one file: 17 MiB."""

    def limit(size):
        for pid in {cluster.pid, *cluster.children()}:
            # As the account of PostgreSQL: root need not have the right to limit others.
            command = ["prlimit", f"--pid={pid}", f"--fsize={size}:unlimited"]
            done = subprocess.run(command, cwd="/", check=False, **account.options())
            assert not done.returncode or not Path(f"/proc/{pid}").exists()

    limit(17 * 2**20)
    try:
        yield lambda: limit("unlimited")
    finally:
        limit("unlimited")


def may_mount():
    folder = Path(os.environ.get("ES_ARTEFACTS", "/nowhere")) / "may-mount"
    try:
        folder.mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", folder], check=True, capture_output=True)
        subprocess.run(["umount", folder], check=True)
    except (OSError, subprocess.CalledProcessError):
        return False
    return True


@pytest.mark.parametrize("kind", [small_files, *([small_disk] if may_mount() else [])])
def test_a_full_disk_in_the_middle_of_a_batch(server, cluster, key, kind):
    _uid, call = server.login("admin", "admin")
    blob = os.urandom(75_000).hex()  # does not compress
    batch = [event(key, number, note=blob[number:]) for number in range(150)]  # more than fits
    call("event.store", "append_batch", [event(key, "before")])
    with kind(cluster) as make_room:
        with pytest.raises(xmlrpc.client.Fault) as caught:
            call("event.store", "append_batch", batch)
        assert caught.value.faultCode == 2, caught.value.faultString
        assert "cannot store anything at present" in caught.value.faultString
        assert "Nothing was stored" in caught.value.faultString
        assert "\n" not in caught.value.faultString
        assert events_of(cluster, key) == 1
        make_room()
        answers = call("event.store", "append_batch", batch)
        assert [answer["version"] for answer in answers] == list(range(2, 152))
        assert {answer["duplicate"] for answer in answers} == {False}
