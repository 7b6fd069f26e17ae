"""Who holds whom up, counts, and the sign of life of a worker: with real transactions."""

import os
import threading
import time
import uuid
from contextlib import closing

import psycopg2
import pytest

from odoo.sql_db import connection_info_for
from odoo.tools import config

from odoo.addons.event_sourcing_feed.worker import Worker
from odoo.addons.event_sourcing_feed_bi.tests.test_feed_bi import NEW


def add(env, aggregate_id, count=1, amount=1):
    call = {
        "model_name": "counter",
        "aggregate_id": aggregate_id,
        "event_type": "Added",
        "payload": {"amount": amount},
    }
    return env["event.store"].append_batch([call] * count)


@pytest.fixture(autouse=True)
def known_recorder(env):
    own = env()
    add(own, uuid.uuid4().hex)
    own.cr.commit()


def counted(env):
    own = env()
    done = own["event.feed.count"]._count_new(60)
    found = own["event.feed.count"]._counted()
    own.cr.rollback()
    return done, found


def test_events_are_counted_once_late_commits_too(env):
    done, before = counted(env)
    assert done
    slow, fast = env(), env()
    add(slow, uuid.uuid4().hex, 2)
    add(fast, uuid.uuid4().hex, 3)
    add(fast, uuid.uuid4().hex, amount=-1000)  # refused
    fast.cr.commit()
    first = counted(env)[1]
    assert first["counter", "applied"] - before["counter", "applied"] >= 3
    assert first["counter", "rejected"] == before["counter", "rejected"] + 1
    slow.cr.commit()
    last = counted(env)[1]
    assert last["counter", "applied"] == first["counter", "applied"] + 2
    assert counted(env)[1] == last
    other = env()
    assert other["event.feed.count"]._count_page() is False
    assert counted(env)[0] is False, "another counts: who knows"
    other.cr.rollback()
    check = env()
    check.cr.execute(
        "SELECT outcome, count(*) FROM event_store WHERE model_name = 'counter' GROUP BY 1"
    )
    for outcome, count in check.cr.fetchall():
        assert last["counter", outcome] == count
    check.cr.rollback()


def test_who_waits_and_who_is_waited_for(env):
    name = uuid.uuid4().hex
    holder, waiter, looker = env(), env(), env()
    add(holder, name)
    pids = {}
    for key, one in (("holder", holder), ("waiter", waiter)):
        one.cr.execute("SELECT pg_backend_pid()")
        (pids[key],) = one.cr.fetchone()
    thread = threading.Thread(target=add, args=(waiter, name))
    thread.start()
    try:
        found, deadline = {}, time.monotonic() + 10
        while time.monotonic() < deadline:
            rows = looker["event.open.transaction"].search([("pid", "in", list(pids.values()))])
            found = {row.pid: row for row in rows}
            if found.get(pids["waiter"]) and found[pids["waiter"]].state == "waiting":
                break
            looker.cr.rollback()
            looker.invalidate_all()
            time.sleep(0.05)
        held, waiting = found[pids["holder"]], found[pids["waiter"]]
        assert (held.state, held.blocks, held.has_written) == ("idle", str(pids["waiter"]), True)
        assert held.note
        assert waiting.blocked_by == str(pids["holder"])
        assert waiting.waits_for.startswith("Lock")
        assert held.since and held.seconds >= 0
        assert "query" not in looker["event.open.transaction"]._fields
    finally:
        holder.cr.rollback()
        thread.join(10)
        waiter.cr.rollback()
        looker.cr.rollback()


def test_a_worker_gives_signs_of_life_and_takes_its_leave(env, monkeypatch):
    monkeypatch.setattr("signal.signal", lambda *_args: None)
    if "db_app_name" in config.options:
        monkeypatch.setitem(config.options, "db_app_name", "odoo-{pid}")
    else:
        monkeypatch.setenv("ODOO_PGAPPNAME", "odoo-{pid}")
    own = env()
    own["event.feed.heartbeat"].sudo().search([]).unlink()  # of those that were killed
    own.cr.commit()
    thread = threading.Thread(target=Worker(own.cr.dbname).run, kwargs={"seconds": 4})
    thread.start()
    deadline, workers = time.monotonic() + 4, 0
    while not workers and time.monotonic() < deadline:
        workers = own["event.feed.heartbeat"]._driven()["workers"]
        own.cr.rollback()
        time.sleep(0.1)
    thread.join()
    assert workers == 1
    assert (
        connection_info_for(own.cr.dbname)[1]["application_name"] == f"event_worker-{os.getpid()}"
    )
    assert own["event.feed.heartbeat"]._driven()["workers"] == 0
    own.cr.rollback()


def test_a_bi_tool_loads_late_commits_and_nothing_twice(env):
    late, early, loaded = uuid.uuid4().hex, uuid.uuid4().hex, []
    last = None

    def load():
        nonlocal last
        own = env()
        own.cr.execute("SELECT snapshot FROM event_bi.bi_feed_snapshot")
        (now,) = own.cr.fetchone()
        if last:
            own.cr.execute(NEW, {"last": last})
            loaded.extend((row["aggregate_id"], row["version"]) for row in own.cr.dictfetchall())
        own.cr.rollback()
        last = now

    load()
    slow, fast = env(), env()
    add(slow, late, 2)
    add(fast, early)
    fast.cr.commit()
    load()
    slow.cr.commit()
    load()
    load()
    assert [row for row in loaded if row[0] in (late, early)] == [(early, 1), (late, 1), (late, 2)]


def test_what_odoo_may_not_see_is_said(env):
    try:
        stranger = psycopg2.connect(
            dbname=env().cr.dbname, user="postgres", password=os.environ.get("PGPASSWORD")
        )
    except psycopg2.OperationalError as error:
        pytest.skip(str(error))
    with closing(stranger), stranger.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
        own = env()
        own.cr.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if own.cr.fetchone()[0]:
            pytest.skip("Odoo's role sees everything here")
        (row,) = own["event.open.transaction"].search([("pid", "=", pid)])
        assert (row.state, row.role, row.since) == ("hidden", "postgres", False)
        assert "may not see" in row.note
        own.cr.rollback()
