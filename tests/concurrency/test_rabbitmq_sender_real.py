"""What a sender makes of a real server of RabbitMQ: logins, TLS, what is refused, and silence."""

import logging
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from support.forked import until
from support.rabbit_server import ADMIN, MOST, SECRET, TOPICS, WRITER, WRITES, Exchange

from odoo.addons.event_sourcing_delivery.message import DONE, FAILED, UNAVAILABLE, Message
from odoo.addons.event_sourcing_delivery.networks import parse_networks
from odoo.addons.event_sourcing_delivery_rabbitmq.address import address_of
from odoo.addons.event_sourcing_delivery_rabbitmq.sender import RabbitSender, RabbitSettings

LOOPBACK = parse_networks("127.0.0.0/8 ::1")
ROOT = Path(__file__).resolve().parents[2]
START = """
from tools.rabbitmq import Server
server = Server()
server.start()
print(*server.pids, flush=True)
input()
"""
ADDON = "odoo.addons.event_sourcing_delivery_rabbitmq"


@pytest.fixture
def prefix():
    return f"R{uuid.uuid4().hex[:8]}-"


def message(body=b'{"subject": "A"}', **vals):
    values = {"id": uuid.uuid4().hex, "event_type": "Added", **vals}
    return Message(
        model_name="counter", aggregate_id="A", source="odoo:x/company/1", body=body, **values
    )


def send(url, *messages, secrets=(SECRET,), networks=LOOPBACK):
    """Send messages as one sender does; return what became of them."""
    sender = RabbitSender(RabbitSettings(address_of(url), "db", secrets, networks))
    try:
        return [sender.send(one) for one in messages or [message()]]
    finally:
        sender.close()


def said(results, state=UNAVAILABLE):
    """Return what was answered to one message, which has become of it what is said."""
    (result,) = results
    assert result.state == state, result
    return result.answer


def test_a_server_that_falls_silent_is_left(exchange, monkeypatch):
    monkeypatch.setattr(f"{ADDON}.link.TIMEOUT", 0.3)
    sender = RabbitSender(RabbitSettings(address_of(exchange.url), "db", (SECRET,), LOOPBACK))
    assert sender.send(message()).state == DONE
    exchange.server.send_signal(signal.SIGSTOP)
    try:
        result = sender.send(message())
        sender.close()  # though the server answers to that neither
    finally:
        exchange.server.send_signal(signal.SIGCONT)
    assert (result.state, "not confirmed" in result.answer) == (UNAVAILABLE, True)


def test_what_is_too_large_is_about_the_event(exchange):
    small, large, other = send(
        exchange.url, message(), message(b"x" * (MOST + 1)), message(b"x" * MOST)
    )
    assert (small.state, large.state, other.state) == (DONE, FAILED, DONE)
    assert f"the server takes {MOST}" in large.answer


def send_together(url, messages, secret=SECRET):
    """Send messages side by side over one connection; return what became of them."""
    sender = RabbitSender(RabbitSettings(address_of(url), "db", (secret,), LOOPBACK))

    async def send_all():
        tasks = [sender.loop.create_task(sender.send_async(one)) for one in messages]
        return [await task for task in tasks]

    try:
        return sender.loop.run_until_complete(send_all())
    finally:
        sender.close()


def test_one_too_large_takes_no_other_one_with_it(exchange):
    """The server ends the channel for it, over which the others go as well."""
    messages = [message(b'{"subject": "A"}' * (20_000 if n == 20 else 1)) for n in range(50)]
    states = [result.state for result in send_together(exchange.url, messages)]
    assert states == [FAILED if n == 20 else DONE for n in range(50)]
    assert exchange.how_many() >= 49


def test_a_key_that_the_login_may_not_use_takes_no_other_one_with_it(rabbit):
    """Nor do several, one of which is so long that the server cuts what it says of it."""
    there = Exchange(rabbit, TOPICS).make().make_queue()
    kinds = ["Added", "Lost", "Broken", "Found", "Sold", "Given", "貸" * 26]
    messages = [message(event_type=kinds[n % len(kinds)]) for n in range(70)]
    results = send_together(there.url, messages, ":".join(WRITER))
    states = [result.state for result in results]
    assert states == [FAILED if n % len(kinds) else DONE for n in range(70)]
    answer = "The login may not publish with the routing key odoo.db.counter.Lost."
    assert results[1].answer == answer
    assert len({found.message_id for _method, found, _event in there.take()}) == 10


def test_a_routing_key_is_too_long(exchange):
    results = send(exchange.url, message(event_type="貸" * 30), message())
    assert [result.state for result in results] == [FAILED, DONE]
    assert "255 bytes" in results[0].answer


def test_an_exchange_of_another_type_is_named(missing):
    for number, vals in enumerate(({"kind": "fanout"}, {"durable": False})):
        exchange = Exchange(missing.server, f"{missing.name}{number}").make(**vals)
        sentence = f"The exchange {exchange.name} is there, but it is not a durable one of the"
        assert sentence in said(send(exchange.url))


def test_an_exchange_with_arguments_of_its_owner_is_taken(missing):
    """What no queue wants goes to its other exchange then, and is done."""
    other = Exchange(missing.server, f"{missing.name}other").make("fanout").make_queue()
    missing.make(arguments={"alternate-exchange": other.name})
    assert said(send(missing.url), DONE)
    assert other.how_many() == 1


def test_logins_and_rights(rabbit, prefix):
    wrong, writer = "odoo:wr0ng", ":".join(WRITER)
    there = Exchange(rabbit, WRITES + prefix).make().make_queue()
    # While a secret is rotated the former one counts, too. A colon may be in a password.
    assert said(send(there.url, secrets=(wrong, SECRET)), DONE)
    answer = said(send(there.url, secrets=(wrong,)))
    assert "does not take the login" in answer and "wr0ng" not in answer
    # Who may make no exchange takes the one that is there.
    assert said(send(there.url, secrets=(writer,)), DONE)
    hidden = Exchange(rabbit, prefix).make()
    answer = said(send(hidden.url, secrets=(writer,)))
    assert answer == f"The login may not publish to the exchange {prefix}."
    gone = f"{rabbit.url}?exchange={WRITES}{prefix}none"
    assert "cannot be published to (code 404)" in said(send(gone, secrets=(writer,)))
    for secret, vhost in ((SECRET, "none"), (writer, "shop%2F1")):
        answer = said(send(f"{rabbit.url}/{vhost}", secrets=(secret,)))
        assert answer.startswith("127.0.0.1 has no virtual host ")
    assert "No queue" in said(send(f"{rabbit.url}/shop%2F1"))


def test_no_secret_is_logged(exchange, caplog):
    level = logging.getLogger("pika").level
    logging.getLogger("pika").setLevel(logging.DEBUG)  # even for who wants to see all of it
    try:
        with caplog.at_level(logging.DEBUG):
            send(exchange.url)
            send(exchange.url, secrets=("odoo:wr0ng",))
    finally:
        logging.getLogger("pika").setLevel(level)
    assert "127.0.0.1" in caplog.text
    assert "wr0ng" not in caplog.text and ADMIN[1] not in caplog.text


def test_tls(rabbit, exchange, certificate, monkeypatch):
    url = f"amqps://localhost:{rabbit.tls_port}?exchange={exchange.name}"
    assert said(send(url)) == "The certificate of localhost is not valid."
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    assert said(send(url), DONE)
    # The certificate is not that of numbers.
    assert "certificate" in said(send(url.replace("localhost", "127.0.0.1")))
    plain = f"amqps://localhost:{rabbit.port}?exchange={exchange.name}"
    assert "speaks no TLS as it should" in said(send(plain))
    assert exchange.how_many() == 1


def test_what_is_no_rabbitmq_is_said(rabbit):
    assert said(send("amqp://127.0.0.1:9")).startswith("127.0.0.1 cannot be reached: ")
    assert said(send("amqp://rabbit.invalid")).startswith("rabbit.invalid cannot be reached: ")
    # A port that wants TLS understands nothing else.
    answer = said(send(f"amqp://127.0.0.1:{rabbit.tls_port}"))
    assert answer == "127.0.0.1 does not answer as a RabbitMQ server."


def test_another_server_of_the_cluster_is_taken(exchange):
    urls = f"amqp://127.0.0.1:9?exchange={exchange.name},{exchange.url}"
    for _time in range(4):
        assert said(send(urls), DONE)


def test_addresses_inside_the_network_are_refused_when_they_are_connected_to(exchange):
    url = exchange.url.replace("127.0.0.1", "localhost")
    assert "inside the network" in said(send(url, networks=()))
    assert exchange.how_many() == 0
    assert said(send(url), DONE)


def test_a_server_ends_with_the_tests_even_if_these_are_killed(tmp_path):
    """It would keep its ports, and the pipe of whoever waits for the tests."""
    command, env = [sys.executable, "-c", START], {**os.environ, "TMPDIR": str(tmp_path)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=env, text=True, **pipes) as tests:
        pids = tests.stdout.readline().split()
        tests.kill()
        assert tests.stdout.read() == ""
    assert len(pids) == 2
    until(lambda: not any(runs(pid) for pid in pids))


def runs(pid):
    """Whether a process is there, and has not ended unnoticed."""
    try:
        return bool(Path("/proc", pid, "cmdline").read_bytes())
    except OSError:
        return False
