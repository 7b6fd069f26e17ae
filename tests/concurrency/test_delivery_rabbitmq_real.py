"""Exchanges of RabbitMQ with a real server: one that fills up, dies, and comes back."""

import itertools
import re
import sqlite3
import threading
import uuid
from pathlib import Path

import pika
import pytest
from support.deliveries import (
    add,
    deliver,
    deliver_until,
    destinations,
    make_due,
    subscription,
    waiting,
)
from support.feed import cursor, env_of
from support.forked import until
from support.rabbit_server import SECRET

from odoo.addons.event_sourcing_delivery.models import event_destination_record
from odoo.addons.event_sourcing_delivery_rabbitmq.sender import RabbitSender

PAGE = Path(__file__).resolve().parents[2] / "docs/delivery.md"
ADDON = "odoo.addons.event_sourcing_delivery_rabbitmq"


@pytest.fixture
def prefix():
    return f"R{uuid.uuid4().hex[:8]}-"


@pytest.fixture
def quick(monkeypatch):
    """Let a server that is away be tried again soon, in this process."""
    monkeypatch.setattr(event_destination_record, "PAUSES", (0.1,))
    monkeypatch.setattr(f"{ADDON}.sender.PAUSE", 0.1)
    monkeypatch.setattr(f"{ADDON}.link.TIMEOUT", 2)
    monkeypatch.setattr(f"{ADDON}.link.BLOCKED_TIMEOUT", 0.1)
    monkeypatch.setattr("odoo.addons.event_sourcing_delivery.sending.PATIENCE", 0.3)


@pytest.fixture
def to():
    """Give a function that makes a destination of counters at an address, from now on."""
    with destinations(name="Exchange", kind="rabbitmq", secret=SECRET) as make:
        yield make


def first_times(events):
    """Return events without those that were there before, as a consumer knows them."""
    return list({properties.message_id: event for _method, properties, event in events}.values())


def in_order(events, names):
    """Whether these are the events of all records, each of them in its order."""
    found = first_times(events)
    assert len(found) == len(names)
    for name in set(names):
        amounts = [event["data"]["amount"] for event in found if event["subject"] == name]
        assert amounts == [n for n, one in enumerate(names, 1) if one == name]


def test_events_arrive_in_the_order_of_their_stream(exchange, prefix, to):
    destination = to(exchange.url)
    names = [f"{prefix}{one}" for one in "ABABA"]
    add(*names)
    threads = threading.active_count()
    deliver()
    assert threading.active_count() == threads
    events = exchange.take()
    in_order(events, names)
    assert len(events) == 5
    with cursor() as cr:
        key = f"odoo.{cr.dbname}.counter.Added"
    for method, properties, event in events:
        assert properties.message_id == f"{event['source']}/{event['id']}"
        assert properties.delivery_mode == pika.DeliveryMode.Persistent.value
        assert properties.content_type.startswith("application/cloudevents+json")
        assert (method.routing_key, method.exchange) == (key, exchange.name)
    assert subscription(destination) == ("running", 0, "")


def test_the_test_button_says_what_the_server_answers(missing, to):
    destination = to(missing.url)
    with cursor() as cr:
        own = env_of(cr)["event.destination"].browse(destination)
        shown = own.action_test()["params"]
        assert (shown["type"], "No queue takes" in shown["message"]) == ("danger", True)
        missing.make_queue("odoo.*.event_sourcing.TestSent")
        shown = own.action_test()["params"]
        assert (shown["type"], missing.name in shown["message"]) == ("success", True)
    assert missing.take()[0][2]["type"] == "event_sourcing.TestSent"


def kill_on_the_way(monkeypatch, server, after):
    """Kill a server as soon as so many events were begun with, others being on their way."""
    publish, numbers = RabbitSender.send_async, itertools.count()

    async def killing(self, message):
        if next(numbers) == after:
            server.kill()
        return await publish(self, message)

    monkeypatch.setattr(RabbitSender, "send_async", killing)


def test_a_server_is_killed_while_events_are_on_their_way(exchange, prefix, to, quick, monkeypatch):
    destination = to(exchange.url)
    # 25 events of each record: most of them wait as rows behind those under way.
    names = [f"{prefix}{number % 40}" for number in range(1000)]
    add(*names)
    kill_on_the_way(monkeypatch, exchange.server, after=300)
    sending = threading.Thread(target=deliver)
    sending.start()
    until(lambda: "127.0.0.1 cannot be reached" in subscription(destination)[2])
    assert waiting(destination)
    exchange.server.start()
    sending.join()
    events = []

    def all_came():
        make_due(destination)
        events.extend(exchange.take())
        return len(first_times(events)) >= 1000 and not waiting(destination)

    deliver_until(all_came, 60)
    in_order(events, names)
    assert subscription(destination) == ("running", 0, "")


def test_no_queue_is_bound_and_one_is(missing, prefix, to, quick):
    destination = to(missing.url)
    names = [f"{prefix}A"] * 2
    add(*names)
    deliver()
    assert "No queue takes the routing key odoo." in subscription(destination)[2]
    assert waiting(destination) == []
    missing.make_queue("odoo.*.counter.*")
    events = []

    def came():
        make_due(destination)
        events.extend(missing.take())
        return len(events) == 2

    deliver_until(came)
    in_order(events, names)


def test_a_queue_is_full_and_is_emptied(missing, prefix, to, quick):
    limits = {"x-max-length": 30, "x-overflow": "reject-publish"}
    exchange = missing.make().make_queue(**limits)
    destination = to(exchange.url)
    names = [f"{prefix}{number % 20}" for number in range(60)]
    add(*names)
    deliver()
    assert "A queue does not take it: it is full." in subscription(destination)[2]
    events = []

    def came():
        make_due(destination)
        events.extend(exchange.take())
        return len(first_times(events)) == 60

    deliver_until(came)
    in_order(events, names)


def test_a_server_without_memory_blocks_and_goes_on(exchange, prefix, to, quick):
    destination = to(exchange.url)
    names = [f"{prefix}{number % 20}" for number in range(60)]
    add(*names)
    exchange.server.control("set_vm_memory_high_watermark", "absolute", "1")
    try:
        deliver()
        assert "no memory or disk left" in subscription(destination)[2]
        assert waiting(destination) == []
    finally:
        exchange.server.control("set_vm_memory_high_watermark", "0.6")
    events = []

    def came():
        make_due(destination)
        events.extend(exchange.take())
        return len(first_times(events)) == 60

    deliver_until(came)
    in_order(events, names)


def test_the_consumer_of_the_page_stores_each_event_once(exchange, prefix, to, tmp_path):
    """Whatever was interrupted: before it had stored an event, or before it had said so."""
    (code,) = re.findall(r"```python\n(import json\nimport pika\n.*?)```", PAGE.read_text(), re.S)
    destination = to(exchange.url)
    names = [f"{prefix}{number % 3}" for number in range(12)]
    with cursor() as cr:
        position = env_of(cr)["event.destination"].browse(destination).subscription_id._position()
    add(*names)
    deliver()
    database = sqlite3.connect(tmp_path / "seen.db")
    database.execute("CREATE TABLE seen (id text PRIMARY KEY)")
    database.execute("CREATE TABLE done (subject text, amount int)")
    works = []

    class Enough(Exception):
        pass

    def work(db, event):
        works.append(event["id"])
        if len(works) == 3:
            raise InterruptedError
        db.execute("INSERT INTO done VALUES (?, ?)", [event["subject"], event["data"]["amount"]])
        if len(works) == 7:
            db.commit()
            raise Enough  # it is stored, and the server is not told

    given = {"work": work, "database": lambda: database}
    exec(compile(code, str(PAGE), "exec"), given)

    def consume():
        """Consume until the queue is empty for a while, or it is interrupted."""
        connection = exchange.server.connect()

        def end():
            if not exchange.how_many():
                connection.close()
            else:
                connection.call_later(0.2, end)

        connection.call_later(0.2, end)
        try:
            given["consume"](connection, exchange.name, exchange.name)
        except (InterruptedError, Enough, pika.exceptions.ConnectionClosedByClient):
            database.rollback()
        finally:
            if connection.is_open:
                connection.close()

    def done():
        return database.execute("SELECT subject, amount FROM done ORDER BY rowid").fetchall()

    expected = [(name, number) for number, name in enumerate(names, 1)]
    consume()
    assert done() == expected[:2]
    consume()
    assert done() == expected[:6]
    consume()
    assert done() == expected
    with cursor() as cr:  # all of it once more, as after a process died before it had noted it
        env_of(cr)["event.destination"].browse(destination).subscription_id._move(position)
    deliver()
    consume()
    assert (done(), len(works), exchange.how_many()) == (expected, 13, 0)


def test_a_large_event_arrives_and_one_too_large_is_about_the_event(exchange, prefix, to, quick):
    destination = to(exchange.url)
    notes = {f"{prefix}A": "x" * (256 * 1024 - 100), f"{prefix}B": "貸" * 87_000}
    with cursor() as cr:
        added = {"model_name": "counter", "event_type": "Added"}
        env_of(cr)["event.store"].append_batch(
            [
                {**added, "aggregate_id": name, "payload": payload}
                for name, note in notes.items()
                for payload in ({"amount": 1, "note": note}, {"amount": 2})
            ]
        )
    deliver()
    events = [event for event in first_times(exchange.take()) if event["subject"] == f"{prefix}A"]
    assert [event["data"].get("note", "") for event in events] == [notes[f"{prefix}A"], ""]
    # In JSON signs that are not of ASCII are longer than in the store.
    assert waiting(destination) == [(f"{prefix}B", "waiting"), (f"{prefix}B", "behind")]
