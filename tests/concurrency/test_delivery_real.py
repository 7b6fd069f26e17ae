"""Webhooks with real commits, a real receiver that misbehaves on order, and processes that die."""

import threading
import time
import uuid

import pytest
from standardwebhooks import Webhook
from support.deliveries import (
    NETWORKS,
    add,
    deliver,
    deliver_until,
    destinations,
    make_due,
    subscription,
    waiting,
)
from support.feed import cursor, env_of, fetch, how_many, let_consumers_begin, start_worker
from support.forked import until
from support.receiver import Receiver

from odoo.addons.event_sourcing_delivery.models import (
    event_destination_read,
    event_destination_record,
    event_destination_run,
)
from odoo.addons.event_sourcing_delivery_webhook import sender

SECRET = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"
OTHER = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def receiver():
    started = Receiver()
    yield started
    started.kill()


@pytest.fixture
def prefix():
    return f"W{uuid.uuid4().hex[:8]}-"


@pytest.fixture
def quick(monkeypatch):
    """Let patience end soon, in this process."""
    monkeypatch.setattr(sender, "TIMEOUT", 1)
    monkeypatch.setattr(event_destination_record, "PAUSES", (0.1,))
    monkeypatch.setattr("odoo.addons.event_sourcing_delivery.sending.PATIENCE", 0.3)


@pytest.fixture
def destination(receiver):
    """The id of a destination that posts counters to the receiver, from now on."""
    with destinations(name="Receiver", kind="webhook", secret=SECRET) as make:
        yield make(receiver.url)


def test_events_arrive_signed_in_the_order_of_their_stream(receiver, destination, prefix):
    a, b = f"{prefix}A", f"{prefix}B"
    add(a, b, a, b, a)
    deliver()
    assert (receiver.amounts(a), receiver.amounts(b)) == ([1, 3, 5], [2, 4])
    got = receiver.got(prefix)[0]
    Webhook(SECRET).verify(got["body"], got["headers"])
    assert got["headers"]["webhook-id"] == got["id"]
    assert got["headers"]["Content-Type"] == "application/cloudevents+json; charset=utf-8"
    assert waiting(destination) == []
    deliver()
    assert len(receiver.got(prefix)) == 5


def test_while_a_secret_is_rotated_both_sign(receiver, destination, prefix):
    add(f"{prefix}A")
    with cursor() as cr:
        env_of(cr)["event.destination"].browse(destination).secret = OTHER
    deliver()
    got = receiver.got(prefix)[0]
    for secret in (SECRET, OTHER):
        Webhook(secret).verify(got["body"], got["headers"])


@pytest.mark.parametrize("what", ["500", "silent", "close", "drip", "redirect", "400", "late"])
def test_one_poisoned_stream_delays_no_other(receiver, destination, prefix, quick, what):
    bad, good = f"{prefix}bad", f"{prefix}good"
    receiver.behave({"subject": bad, "do": what})
    add(bad, good, bad, good)
    deliver()
    assert receiver.amounts(good) == [2, 4]
    add(good)
    deliver()
    assert receiver.amounts(good) == [2, 4, 1]
    until(lambda: waiting(destination) == [(bad, "waiting"), (bad, "behind")])
    receiver.behave()
    make_due(destination)
    deliver_until(lambda: waiting(destination) == [])
    assert receiver.amounts(bad) == [1, 3]


def test_a_body_without_end_is_not_read(receiver, destination, prefix, quick):
    receiver.behave({"subject": prefix, "do": "endless"})
    add(f"{prefix}A", f"{prefix}A")
    deliver()
    assert receiver.amounts(f"{prefix}A") == [1, 2]
    assert waiting(destination) == []


def test_a_receiver_that_dies_and_comes_back_gets_all(receiver, destination, prefix, quick):
    names = [f"{prefix}{number % 30}" for number in range(300)]
    port = receiver.port
    receiver.kill()
    add(*names)
    deliver()
    # Nothing waits but the position: the receiver is away, for all of them.
    assert waiting(destination) == []
    assert subscription(destination)[1] > 0
    back = Receiver(port)
    try:
        deliver_until(lambda: len({item["id"] for item in back.got(prefix)}) == 300)
        for name in set(names):
            expected = [number for number, one in enumerate(names, 1) if one == name]
            assert back.amounts(name) == expected
        assert subscription(destination) == ("running", 0, "")
    finally:
        back.kill()


@pytest.mark.parametrize("status", ["429", "503"])
def test_a_pause_that_is_asked_for_is_kept(receiver, destination, prefix, status):
    receiver.behave({"subject": prefix, "do": f"{status}:1000"})
    add(f"{prefix}A")
    deliver()
    receiver.behave()
    deliver()
    assert receiver.got(prefix) == []
    make_due(destination)
    deliver()
    assert receiver.amounts(f"{prefix}A") == [1]


def test_410_switches_it_off(receiver, destination, prefix):
    receiver.behave({"subject": prefix, "do": "410"})
    add(f"{prefix}A")
    deliver()
    state, _count, error = subscription(destination)
    assert (state, "410" in error) == ("stopped", True)
    receiver.behave()
    deliver()
    assert receiver.got(prefix) == []
    with cursor() as cr:
        env_of(cr)["event.destination"].browse(destination).action_start()
    deliver()
    assert receiver.amounts(f"{prefix}A") == [1]


def test_addresses_inside_the_network_are_refused_when_they_are_connected_to(
    receiver, destination, prefix
):
    with cursor() as cr:
        env = env_of(cr)
        env["ir.config_parameter"].set_param(NETWORKS, False)
        # The name may have stood for another address when it was entered.
        cr.execute(
            "UPDATE event_destination SET address = %s WHERE id = %s",
            [f"https://localhost:{receiver.port}/", destination],
        )
    add(f"{prefix}A")
    deliver()
    assert receiver.got(prefix) == []
    assert "inside the network" in subscription(destination)[2]


def test_two_workers_share_a_destination(receiver, destination, prefix, started):
    names = [f"{prefix}{number % 20}" for number in range(400)]
    add(*names)
    receiver.behave({"subject": prefix, "do": "slow:0.01"})
    workers = [started(deliver, 60) for _number in range(2)]
    for worker in workers:
        assert worker.wait(60) == 0
    got = receiver.got(prefix)
    assert len(got) == len({item["id"] for item in got}) == 400
    for name in set(names):
        assert receiver.amounts(name) == [n for n, one in enumerate(names, 1) if one == name]


def test_a_page_that_takes_longer_than_a_lease_stays_with_who_sends_it(
    receiver, destination, prefix, monkeypatch
):
    monkeypatch.setattr(event_destination_read, "LEASE", 1)
    monkeypatch.setattr(event_destination_run, "RENEW", 0.2)
    receiver.behave({"subject": prefix, "do": "slow:0.1"})
    add(*[f"{prefix}A"] * 30)
    sending = threading.Thread(target=deliver)
    sending.start()
    until(lambda: len(receiver.asked(prefix)) > 1)
    while sending.is_alive():
        deliver(1)
        time.sleep(0.1)
    assert [item["data"]["amount"] for item in receiver.got(prefix)] == list(range(1, 31))


def test_kill_9_of_workers_loses_nothing_and_keeps_the_order(receiver, destination, prefix):
    names = [f"{prefix}{number % 20}" for number in range(1000)]
    receiver.behave({"subject": prefix, "do": "slow:0.02"})
    for begin in range(0, 1000, 500):
        add(*names[begin : begin + 500])
    for least in (50, 300):
        worker = start_worker()
        try:
            until(lambda least=least: len(receiver.got(prefix)) > least)
        finally:
            worker.kill()
            worker.wait()
        # Its lease would end by itself, within a minute.
        with cursor() as cr:
            cr.execute("DELETE FROM event_delivery_claim")
    receiver.behave()
    make_due(destination)
    deliver_until(lambda: len({item["id"] for item in receiver.got(prefix)}) == 1000, 90)
    numbers = [number % 500 + 1 for number in range(1000)]
    for name in set(names):
        expected = [n for n, one in zip(numbers, names, strict=True) if one == name]
        assert receiver.amounts(name) == expected


def test_what_waits_costs_no_append_anything(receiver, destination, prefix):
    with cursor() as cr:
        env_of(cr)["event.destination"].browse(destination).action_pause()
    before = fetch("SELECT count(*) FROM event_reaction_task")
    with cursor() as cr:
        statements = cr.sql_log_count
        env = env_of(cr)
        env["event.store"].append("counter", f"{prefix}A", "Added", {"amount": 1})
        one = cr.sql_log_count - statements
    for _batch in range(5):
        add(*[f"{prefix}{number}" for number in range(1000)])
    with cursor() as cr:
        statements = cr.sql_log_count
        env = env_of(cr)
        env["event.store"].append("counter", f"{prefix}A", "Added", {"amount": 1})
        assert cr.sql_log_count - statements <= one
    assert fetch("SELECT count(*) FROM event_reaction_task") == before


def test_reactions_do_not_wait_for_a_receiver_that_is_silent(receiver, destination, prefix):
    let_consumers_begin()
    receiver.behave({"subject": prefix, "do": "silent"})
    worker = start_worker()
    try:
        add(f"{prefix}A")
        until(lambda: len(receiver.asked(prefix)) == 1)
        add(f"{prefix}B")
        until(lambda: how_many(prefix) == 2)
        assert receiver.got(prefix) == []
    finally:
        worker.kill()
        worker.wait()
