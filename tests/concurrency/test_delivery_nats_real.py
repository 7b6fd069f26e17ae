"""NATS JetStream with real servers: alone, with logins and TLS, and a cluster of which one dies."""

import asyncio
import contextlib
import json
import re
import sqlite3
import threading
import uuid
from pathlib import Path

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
from support.nats_keys import operated
from support.nats_server import Cluster, NatsServer, amounts, ask, how_many, make_stream, stored

from odoo.addons.event_sourcing_delivery.message import DONE, FAILED, UNAVAILABLE, Message
from odoo.addons.event_sourcing_delivery.models import event_destination_record
from odoo.addons.event_sourcing_delivery.networks import parse_networks
from odoo.addons.event_sourcing_delivery_nats.sender import NatsSender, NatsSettings
from odoo.addons.event_sourcing_delivery_webhook.tests.test_sender import make_certificate

LOOPBACK = parse_networks("127.0.0.0/8 ::1")
PAGE = Path(__file__).resolve().parents[2] / "docs/delivery.md"


@pytest.fixture
def started_server():
    """Give a function that starts servers, all of which end with the test."""
    with contextlib.ExitStack() as stack:

        def start(*values, **options):
            server = NatsServer(*values, **options)
            stack.callback(server.remove)
            return server

        yield start


@pytest.fixture
def server(started_server):
    """A server with a stream that takes everything."""
    found = started_server()
    make_stream(found.url)
    return found


@pytest.fixture
def prefix():
    return f"N{uuid.uuid4().hex[:8]}-"


@pytest.fixture
def quick(monkeypatch):
    """Let a server that is away be tried again soon, in this process."""
    monkeypatch.setattr(event_destination_record, "PAUSES", (0.1,))
    monkeypatch.setattr("odoo.addons.event_sourcing_delivery_nats.sender.PAUSE", 0.1)
    monkeypatch.setattr("odoo.addons.event_sourcing_delivery_nats.link.TIMEOUT", 1)
    monkeypatch.setattr("odoo.addons.event_sourcing_delivery.sending.PATIENCE", 0.3)


@pytest.fixture
def to():
    """Give a function that makes a destination of counters at an address, from now on."""
    with destinations(name="Stream", kind="nats") as make:
        yield make


def message(body=b'{"subject": "A"}', number=None, event_type="Added"):
    number = number or uuid.uuid4().hex
    return Message(number, "counter", event_type, "A", "odoo:x/company/1", body)


def send(url, *messages, secrets=(), networks=LOOPBACK):
    """Send messages as one sender does; return what became of them."""
    sender = NatsSender(NatsSettings(tuple(url.split(",")), "db", secrets, networks))
    try:
        return [sender.send(one) for one in messages or [message()]]
    finally:
        sender.close()


def in_order(url, names):
    """Whether the stream has the amounts of all records in their order, each event once."""
    events = stored(url)
    ids = [event["id"] for _headers, event in events]
    assert len(ids) == len(set(ids)) == len(names)
    for name in set(names):
        assert amounts(events, name) == [n for n, one in enumerate(names, 1) if one == name]


def test_events_arrive_once_in_the_order_of_their_stream(server, prefix, to):
    destination = to(server.url)
    a, b = f"{prefix}A", f"{prefix}B"
    add(a, b, a, b, a)
    threads = threading.active_count()
    with cursor() as cr:
        begin = env_of(cr)["event.destination"].browse(destination).subscription_id._position()
    deliver()
    assert threading.active_count() == threads
    in_order(server.url, [a, b, a, b, a])
    headers, event = stored(server.url)[0]
    assert headers["Nats-Msg-Id"] == f"{event['source']}/{event['id']}"
    with cursor() as cr:
        database = cr.dbname
        # All of it once more, as after a process died before it had noted what came of it.
        env = env_of(cr)
        env["event.destination"].browse(destination).subscription_id._move(begin)
    last = ask(server.url, lambda js: js.get_last_msg("ODOO", f"odoo.{database}.counter.Added"))
    assert json.loads(last.data)["subject"] in (a, b)
    deliver()
    found = stored(server.url, prefix)
    assert len(found) == len({event["id"] for _headers, event in found}) == 5


def test_the_test_button_says_what_the_server_answers(server, to):
    destination = to(server.url)
    with cursor() as cr:
        own = env_of(cr)["event.destination"].browse(destination)
        assert "ODOO 1" in own.action_test()["params"]["message"]
        server.kill()
        shown = own.action_test()["params"]
        assert (shown["type"], "cannot be reached" in shown["message"]) == ("danger", True)


def test_a_server_that_dies_and_comes_back_gets_all(server, prefix, to, quick):
    destination = to(server.url)
    names = [f"{prefix}{number % 30}" for number in range(300)]
    server.kill()
    add(*names)
    deliver()
    # Nothing waits but the position: the server is away, for all of them.
    assert waiting(destination) == []
    assert "127.0.0.1 cannot be reached" in subscription(destination)[2]
    server.start()
    deliver_until(lambda: how_many(server.url) == 300)
    in_order(server.url, names)
    assert subscription(destination) == ("running", 0, "")


def test_a_stream_is_missing_and_is_made(started_server, prefix, to, quick):
    server = started_server()
    destination = to(server.url)
    add(f"{prefix}A", f"{prefix}A")
    deliver()
    assert "No stream takes the subject odoo." in subscription(destination)[2]
    assert waiting(destination) == []
    make_stream(server.url)
    deliver_until(lambda: how_many(server.url) == 2)
    in_order(server.url, [f"{prefix}A"] * 2)


def test_a_stream_is_full_and_is_emptied(started_server, prefix, to, quick):
    server = started_server()
    make_stream(server.url, max_msgs=30)
    destination = to(server.url)
    names = [f"{prefix}{number % 20}" for number in range(60)]
    add(*names)
    deliver()
    events = stored(server.url)
    assert len(events) == 30
    assert "maximum messages exceeded" in subscription(destination)[2]

    async def empty(jetstream):
        await jetstream.purge_stream("ODOO")

    seen = events

    def rest_came():
        new = stored(server.url)
        if new:
            seen.extend(new)
            ask(server.url, empty)
        return len(seen) == 60

    ask(server.url, empty)
    make_due(destination)
    deliver_until(rest_came)
    for name in set(names):
        assert amounts(seen, name) == [n for n, one in enumerate(names, 1) if one == name]
    assert waiting(destination) == []


def test_one_server_of_a_cluster_is_killed_while_events_are_on_their_way(prefix, to, quick):
    cluster = Cluster()
    try:
        make_stream(cluster.url, replicas=3)
        destination = to(cluster.url)
        names = [f"{prefix}{number % 40}" for number in range(2000)]
        add(*names)

        async def kill_leader(jetstream):
            """Kill the server through which the stream is written, in the middle of it."""
            info = await jetstream.stream_info("ODOO")
            while info.state.messages < 200:
                info = await jetstream.stream_info("ODOO")
            leader = info.cluster.leader
            next(one for one in cluster.servers if one.name == leader).kill()
            return info.state.messages

        sending = threading.Thread(target=deliver)
        sending.start()
        assert ask(cluster.url, kill_leader) < 1700
        sending.join()
        # What is tried again at once, again and again, is given up before there is a leader.
        until(lambda: how_many(cluster.url))

        def all_came():
            make_due(destination)
            return how_many(cluster.url) >= 2000

        deliver_until(all_came, 60)
        in_order(cluster.url, names)
    finally:
        cluster.remove()


def test_the_consumer_of_the_page_stores_each_event_once(server, prefix, to, tmp_path):
    """Whatever was interrupted: before it had stored an event, or before it had said so."""
    (code,) = re.findall(r"```python\n(import json\nimport nats\n.*?)```", PAGE.read_text(), re.S)
    to(server.url)
    names = [f"{prefix}{number % 3}" for number in range(12)]
    add(*names)
    deliver()
    database = sqlite3.connect(tmp_path / "seen.db")
    database.execute("CREATE TABLE seen (id text PRIMARY KEY)")
    database.execute("CREATE TABLE done (subject text, amount int)")
    works = []

    def work(db, event):
        works.append(event["id"])
        if len(works) == 3:
            raise InterruptedError
        db.execute("INSERT INTO done VALUES (?, ?)", [event["subject"], event["data"]["amount"]])

    given = {"work": work, "database": lambda: database}
    exec(compile(code, str(PAGE), "exec"), given)

    def done():
        return database.execute("SELECT subject, amount FROM done ORDER BY rowid").fetchall()

    async def consume():
        """Consume until it has all; come back after an interruption, and see all once more."""
        consuming = asyncio.create_task(given["consume"](server.url))
        while len(done()) < 12 and not consuming.done():
            await asyncio.sleep(0.01)
        consuming.cancel()
        with contextlib.suppress(asyncio.CancelledError, InterruptedError):
            await consuming

    asyncio.run(consume())
    assert len(done()) == 2
    for _time in range(2):  # another consumer begins with the first event: all are repeats then
        ask(server.url, lambda jetstream: jetstream.delete_consumer("ODOO", "work"))
        asyncio.run(consume())
        assert done() == [(name, number) for number, name in enumerate(names, 1)]
    assert len(works) == 13


def test_what_is_too_large_is_about_the_event(started_server):
    server = started_server("max_payload: 4096")
    make_stream(server.url, max_msg_size=2000)
    results = send(server.url, message(b"x" * 256 * 1024), message(b"x" * 3000), message())
    assert [result.state for result in results] == [FAILED, FAILED, DONE]
    assert "the server takes 4096" in results[0].answer
    assert "max_msg_size" in results[1].answer


def test_what_the_server_counts_is_what_is_counted_here(started_server):
    server = started_server("max_payload: 4096")
    make_stream(server.url)
    bodies = [b"x" * size for size in range(3900, 4000)]
    results = send(server.url, *[message(body, "1" * 32) for body in bodies])
    states = [result.state for result in results]
    assert states == sorted(states)  # done, then failed: never a connection that is closed
    assert {DONE, FAILED} == set(states)


LOGINS = """
accounts {{ A {{ jetstream: enabled, users: [
  {{ user: writer, password: "p:w", permissions: {{
      publish: ["odoo.db.counter.Added", "$JS.>"] }} }} ] }} }}
"""


def test_logins_and_rights(started_server):
    server = started_server(LOGINS.replace("{{", "{").replace("}}", "}"))
    login = {"user": "writer", "password": "p:w"}
    make_stream(server.url, login=login)
    right, wrong = "writer:p:w", "writer:wr0ng"
    (done,) = send(server.url, secrets=(right,))
    assert done.state == DONE
    # While a secret is rotated the former one counts, too.
    assert send(server.url, secrets=(wrong, right))[0].state == DONE
    for secrets in ((), (wrong,)):
        (result,) = send(server.url, secrets=secrets)
        assert result.state == UNAVAILABLE
        assert "does not take the login" in result.answer
        assert "wr0ng" not in result.answer
    results = send(server.url, message(event_type="Taken"), message(), secrets=(right,))
    assert [result.state for result in results] == [FAILED, DONE]
    assert "may not publish under odoo.db.counter.Taken" in results[0].answer


def test_a_token(started_server):
    server = started_server('authorization { token: "s3cr3t" }')
    make_stream(server.url, login={"token": "s3cr3t"})
    assert send(server.url, secrets=("s3cr3t",))[0].state == DONE
    assert send(server.url, secrets=("wrong",))[0].state == UNAVAILABLE


def test_credentials(started_server, tmp_path):
    settings, credentials = operated()
    server = started_server(settings)
    (tmp_path / "user.creds").write_text(credentials)
    make_stream(server.url, login={"user_credentials": str(tmp_path / "user.creds")})
    for text in (credentials, credentials.replace("\n", "")):
        assert send(server.url, secrets=(text,))[0].state == DONE
    _settings, others = operated()
    (result,) = send(server.url, secrets=(others,))
    assert (result.state, "does not take the login" in result.answer) == (UNAVAILABLE, True)


def test_tls(started_server, tmp_path, monkeypatch):
    path = make_certificate(tmp_path, "localhost")
    server = started_server(f'tls {{ cert_file: "{path}", key_file: "{path}" }}')
    url = f"tls://localhost:{server.port}"
    (result,) = send(url)
    assert (result.state, "certificate" in result.answer) == (UNAVAILABLE, True)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    (result,) = send(url)
    assert result.answer == "No stream takes the subject odoo.db.counter.Added."


def test_without_tls_nothing_is_said_where_it_is_wanted(server, monkeypatch):
    (result,) = send(f"tls://127.0.0.1:{server.port}", secrets=("user:pw",))
    assert result.state == UNAVAILABLE
    assert "speaks no TLS" in result.answer
    assert stored(server.url) == []


def test_addresses_inside_the_network_are_refused_when_they_are_connected_to(server):
    (result,) = send(f"nats://localhost:{server.port}", networks=())
    assert result.state == UNAVAILABLE
    assert "inside the network" in result.answer
    assert stored(server.url) == []
