"""One aggregate that everybody writes to: calm for all, and clear words where it is not."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from support.commits import env_of

from odoo.exceptions import UserError
from odoo.service import model as service_model
from odoo.tools import mute_logger

WRITERS = 8


@pytest.fixture(scope="module")
def server(odoo_server):
    return odoo_server(workers=4)


def event(key, amount=1):
    return {
        "model_name": "counter",
        "aggregate_id": key,
        "event_type": "Added",
        "payload": {"amount": amount},
    }


def test_eight_writers_and_not_one_failure(server, key):
    _uid, call = server.login("admin", "admin")

    def write(_writer):
        for _number in range(15):
            call("event.store", "append", "counter", key, "Added", {"amount": 1})

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))  # raises what any of them raised
    stream = call("event.store", "read_stream", "counter", key)
    assert [e["version"] for e in stream] == list(range(1, WRITERS * 15 + 1))
    assert {e["outcome"] for e in stream} == {"applied"}
    (snapshot,) = call("counter.snapshot", "search_read", [["aggregate_id", "=", key]], ["total"])
    assert snapshot["total"] == WRITERS * 15


def test_batches_over_the_same_aggregates_in_any_order(server, key):
    _uid, call = server.login("admin", "admin")
    keys = [f"{key}-{number}" for number in range(5)]

    def write(writer):
        for number in range(6):
            turn = (writer + number) % 5
            batch = [event(k) for k in keys[turn:] + keys[:turn]]
            if writer % 2:
                batch.reverse()
            call("event.store", "append_batch" if number % 2 else "create", batch)

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    for one in keys:
        stream = call("event.store", "read_stream", "counter", one)
        assert [e["version"] for e in stream] == list(range(1, WRITERS * 6 + 1))


def test_ids_rise_with_versions_in_batches_over_several_types(server, key):
    _uid, call = server.login("admin", "admin")
    types = ("counter", "loose", "parcel")

    def write(writer):
        for number in range(10):
            # Some write to one type, some to all: their first locks are not the same.
            chosen = types if (writer + number) % 2 else [types[number % 3]]
            batch = [{**event(key), "model_name": name} for name in chosen]
            call("event.store", "append_batch", batch if writer % 3 else batch[::-1])

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))
    for name in types:
        ids = [e["id"] for e in call("event.store", "read_stream", name, key)]
        assert len(ids) > WRITERS * 3
        assert ids == sorted(ids)


def test_one_uuid_from_eight_writers_is_no_failure_either(server, key):
    _uid, call = server.login("admin", "admin")

    def write(_writer):
        return call(
            *("event.store", "append", "counter", key, "Added", {"amount": 1}), event_uuid=key
        )

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(write, range(WRITERS)))
    assert len({answer["id"] for answer in answers}) == 1
    assert [answer["duplicate"] for answer in answers].count(False) == 1


def test_where_retries_run_out_the_message_says_so_and_nothing_is_stored(cursor, key, monkeypatch):
    monkeypatch.setattr(service_model.time, "sleep", lambda _seconds: None)
    cr = cursor()
    env = env_of(cr)
    tries = []

    def lose():
        env.cr.execute("SELECT count(*) FROM event_store")  # sees the database as it is now
        other = cursor()
        env_of(other)["event.store"].create([event(key)])
        other.commit()
        tries.append(True)
        env["event.store"].create([event(key, 100)])

    with mute_logger("odoo.sql_db", "odoo.service.model"):
        with pytest.raises(UserError, match=r"Too many people .* Nothing was stored"):
            service_model.retrying(lose, env)
    cr.rollback()
    assert len(tries) == service_model.MAX_TRIES_ON_CONCURRENCY_FAILURE
    own = cursor()
    own.execute("SELECT payload->>'amount' FROM event_store WHERE aggregate_id = %s", [key])
    assert own.fetchall() == [("1",)] * len(tries)


def test_fewer_conflicts_than_tries_stay_invisible(cursor, key, monkeypatch):
    monkeypatch.setattr(service_model.time, "sleep", lambda _seconds: None)
    cr = cursor()
    env = env_of(cr)
    tries = []

    def lose_sometimes():
        env.cr.execute("SELECT count(*) FROM event_store")
        tries.append(True)
        if len(tries) < service_model.MAX_TRIES_ON_CONCURRENCY_FAILURE:
            other = cursor()
            env_of(other)["event.store"].create([event(key)])
            other.commit()
        env["event.store"].create([event(key, 100)])

    with mute_logger("odoo.sql_db", "odoo.service.model"):
        for _operation in range(2):  # what one operation met does not count for the next
            tries.clear()
            service_model.retrying(lose_sometimes, env)


def test_a_lost_connection_is_said_in_words(cursor, key):
    cr = cursor()
    store = env_of(cr)["event.store"]
    cr.execute("SELECT pg_backend_pid()")
    (pid,) = cr.fetchone()
    cursor().execute("SELECT pg_terminate_backend(%s)", [pid])
    with mute_logger("odoo.sql_db"), pytest.raises(UserError, match="connection to the database"):
        store.create([event(key)])


def test_a_statement_that_takes_too_long_is_nobodys_fault(cursor, key):
    """Neither the event's, as a recorded fault would say, nor a traceback for the caller."""
    other, cr = cursor(), cursor()
    other.execute("LOCK TABLE counter_snapshot IN EXCLUSIVE MODE")
    cr.execute("SET LOCAL statement_timeout = '300ms'")
    store = env_of(cr)["event.store"]
    with mute_logger("odoo.sql_db"), pytest.raises(UserError, match="it took too long"):
        store.create([event(key)])
    cr.commit()
    other.rollback()
    assert not store.search_count([("aggregate_id", "=", key)])
