"""An update of the addons while other systems append and a worker passes events on."""

import os
import subprocess
import threading
import uuid
import xmlrpc.client

import psycopg2
import pytest
from support.forked import until
from support.partitioned import PartitionedStore
from support.server import OdooServer

UPDATED = "event_sourcing,event_sourcing_feed"
ONCE = ("--stop-after-init", "--no-http")
# What a caller is told while tables or the registry change; it tries again.
PASSING = (OSError, xmlrpc.client.Fault, xmlrpc.client.ProtocolError)


@pytest.fixture(scope="module")
def copy():
    """A database of its own, whose subscriptions run from now on."""
    store = PartitionedStore(f"{os.environ['ES_DB']}_update").create()
    try:
        env = store.env()
        for sub in env["event.subscription"].search([], limit=1000):
            sub._move(env["event.store"]._feed_now())
            sub.write({"state": "running", "error_count": 0, "next_try": False})
        env.cr.commit()
        store.close()
        yield store.name
    finally:
        store.drop()


def odoo(database, *arguments):
    """Start an Odoo of its own; commands of addons are found where these are named first."""
    addons = f"--addons-path={os.environ['ES_ADDONS_PATH']}"
    log = f"--logfile={os.environ['ES_ARTEFACTS']}/update.log"
    command = [os.environ["ES_PYTHON"], os.environ["ES_LAUNCHER"], addons, *arguments]
    return subprocess.Popen(
        [*command, "-d", database, addons, f"--data-dir={os.environ['ES_DATA']}", log],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def worker(database):
    return odoo(database, "event_worker")


def fetch(database, query, *values):
    connection = psycopg2.connect(dbname=database)
    try:
        with connection.cursor() as cr:
            cr.execute(query, values)
            return cr.fetchall()
    finally:
        connection.close()


def count_of(rows):
    """Return how many events of each aggregate the read model has taken: it lists versions."""
    return {
        aggregate_id: len(found.split(",")) if isinstance(found, str) else found
        for aggregate_id, found in rows
    }


def test_nothing_is_lost_or_comes_twice(copy):
    prefix, acknowledged = f"U{uuid.uuid4().hex[:8]}-", []
    server, working, over = OdooServer(copy), worker(copy), threading.Event()

    def append(number):
        _uid, call = server.login("admin", "admin")
        turn = 0
        while not over.is_set():
            turn += 1
            event = {
                "model_name": "counter",
                "aggregate_id": f"{prefix}{number}",
                "event_type": "Added",
                "payload": {"amount": 1},
                "event_uuid": str(uuid.uuid4()),
            }
            while not over.is_set():
                try:
                    call("event.store", "append_batch", [event])
                except PASSING:
                    over.wait(0.1)
                    continue
                acknowledged.append(event["event_uuid"])
                over.wait(0.05)
                break

    try:
        server.start()
        writers = [threading.Thread(target=append, args=(n,)) for n in range(2)]
        for writer in writers:
            writer.start()
        until(lambda: len(acknowledged) > 20)
        # Odoo changes tables of its own that requests read, and gives up where the two lock each
        # other out; then nothing has changed, and it is run again.
        until(lambda: odoo(copy, "-u", UPDATED, *ONCE).wait(240) == 0, 400)
        count = len(acknowledged)
        until(lambda: len(acknowledged) > count + 20)
        over.set()
        for writer in writers:
            writer.join(30)
        if working.poll() is not None:  # where the code changed it asks to be started again
            working = worker(copy)
        mine = f"{prefix}%"
        stored = fetch(
            copy,
            "SELECT aggregate_id, array_agg(event_uuid) FROM event_store"
            " WHERE aggregate_id LIKE %s GROUP BY 1",
            mine,
        )
        uuids = [event_uuid for _id, found in stored for event_uuid in found]
        assert set(acknowledged) <= set(uuids)
        read = "SELECT aggregate_id, events FROM counter_total WHERE aggregate_id LIKE %s"
        noted = "SELECT count(*) FROM counter_note WHERE aggregate_id LIKE %s"
        counts = {aggregate_id: len(found) for aggregate_id, found in stored}
        until(lambda: count_of(fetch(copy, read, mine)) == counts)
        until(lambda: fetch(copy, noted, mine) == [(len(uuids),)])
    finally:
        over.set()
        server.kill()
        working.kill()
        working.wait()
