"""Many writers and a killed server: what was acknowledged is there, exactly once."""

import threading
import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor

import pytest

WRITERS = 8


@pytest.fixture(scope="module")
def server(odoo_server):
    """An Odoo of two worker processes."""
    return odoo_server(workers=2)


def append(call, key, number, seconds=90):
    """Append once by a UUID of its own, repeating the call until it is answered."""
    event_uuid = f"{key}-{number}"
    deadline = time.monotonic() + seconds
    while True:
        try:
            return call(
                "event.store",
                "append",
                "counter",
                key,
                "Added",
                {"amount": 1},
                event_uuid=event_uuid,
            )
        except (OSError, xmlrpc.client.Error):
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def wait_for(acknowledged, count, seconds=30):
    """Return once so many appends were answered, or after so many seconds."""
    deadline = time.monotonic() + seconds
    while len(acknowledged) < count and time.monotonic() < deadline:
        time.sleep(0.02)


def read(call, key):
    """Return the events of a stream, and its snapshot."""
    stream = call("event.store", "read_stream", "counter", key)
    snapshot = call(
        "counter.snapshot", "search_read", [["aggregate_id", "=", key]], ["total", "version"]
    )
    return stream, snapshot[0]


def test_eight_writers_on_one_aggregate(server, key):
    _uid, call = server.login("admin", "admin")
    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(lambda number: append(call, key, number), range(WRITERS * 5)))
    stream, snapshot = read(call, key)
    assert [event["version"] for event in stream] == list(range(1, WRITERS * 5 + 1))
    assert sorted(answer["version"] for answer in answers) == list(range(1, WRITERS * 5 + 1))
    assert {event["outcome"] for event in stream} == {"applied"}
    assert (snapshot["total"], snapshot["version"]) == (WRITERS * 5, WRITERS * 5)


def test_writers_of_different_aggregates_have_no_conflict(server, key):
    _uid, call = server.login("admin", "admin")

    def write(writer):
        for number in range(5):
            call("event.store", "append", "counter", f"{key}-{writer}", "Added", {"amount": number})

    with ThreadPoolExecutor(WRITERS) as pool:
        list(pool.map(write, range(WRITERS)))  # raises what any of them raised
    for writer in range(WRITERS):
        stream, snapshot = read(call, f"{key}-{writer}")
        assert [event["version"] for event in stream] == [1, 2, 3, 4, 5]
        assert snapshot["total"] == 10


def test_one_uuid_sent_eight_times_at_once_is_stored_once(server, key):
    _uid, call = server.login("admin", "admin")
    with ThreadPoolExecutor(WRITERS) as pool:
        answers = list(pool.map(lambda _number: append(call, key, 0), range(WRITERS)))
    assert len({answer["id"] for answer in answers}) == 1
    assert [answer["duplicate"] for answer in answers].count(False) == 1
    stream, snapshot = read(call, key)
    assert (len(stream), snapshot["total"]) == (1, 1)


def test_a_refused_attempt_survives_over_rpc(server, key):
    _uid, call = server.login("admin", "admin")
    for _attempt in range(2):
        with pytest.raises(xmlrpc.client.Fault, match="below zero") as caught:
            call(
                "event.store",
                "append",
                "counter",
                key,
                "Added",
                {"amount": -1},
                policy="reject_and_record",
            )
        assert caught.value.faultCode == 2
        assert "\n" not in caught.value.faultString
    failures = call(
        "event.store", "search_read", [["aggregate_id", "=", key]], ["event_type", "outcome"]
    )
    assert [(row["event_type"], row["outcome"]) for row in failures] == [
        ("InvalidOperationAttempted", "logged")
    ] * 2


@pytest.mark.parametrize("workers", [0, 2])
def test_acknowledged_events_survive_kill_9_exactly_once(odoo_server, key, workers):
    server = odoo_server(workers=workers)
    _uid, call = server.login("admin", "admin")
    acknowledged, stopping = [], threading.Event()

    def write(writer):
        number = 0
        while not stopping.is_set():
            number += 1
            stream = f"{key}-{writer % 4}"  # two writers to a stream
            answer = append(call, stream, f"{writer}-{number}")
            acknowledged.append((stream, answer["event_uuid"], answer["version"]))

    with ThreadPoolExecutor(WRITERS) as pool:
        writers = [pool.submit(write, writer) for writer in range(WRITERS)]
        for _kill in range(2):
            wait_for(acknowledged, len(acknowledged) + 3 * WRITERS)  # amid their appends
            before = len(acknowledged)
            server.kill()
            server.start()
            wait_for(acknowledged, before + 1)
        stopping.set()
        for writer in writers:
            writer.result()
    _uid, call = server.login("admin", "admin")
    assert len(acknowledged) > WRITERS
    assert len(set(acknowledged)) == len(acknowledged)
    for number in range(4):
        stream, snapshot = read(call, f"{key}-{number}")
        kept = [(f"{key}-{number}", event["event_uuid"], event["version"]) for event in stream]
        assert sorted(kept) == sorted(row for row in acknowledged if row[0] == f"{key}-{number}")
        assert [event["version"] for event in stream] == list(range(1, len(stream) + 1))
        assert (snapshot["total"], snapshot["version"]) == (len(stream), len(stream))
    server.kill()
