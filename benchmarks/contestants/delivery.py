"""Destinations: who sends what was recorded, as the scheduler does and the worker, too."""

import asyncio
import json
import time
import urllib.request
from contextlib import contextmanager

from benchmarks.answering import answer, stopwatch
from benchmarks.contestants.in_odoo import as_admin
from benchmarks.contestants.ours import calls_of, registry, reset
from benchmarks.contestants.ours import prepare as prepare_one
from benchmarks.workload import in_batches, rentals

NETWORKS = "event_sourcing_delivery.allowed_networks"
# Anything of the right form: nobody looks at the signatures.
SECRETS = {"webhook": f"whsec_{'A' * 32}", "rabbitmq": "guest:guest"}
STALLED = 120  # seconds for a number of events, after which sending is given up
EVERYTHING = {"nats": "odoo.>", "rabbitmq": "odoo.#"}
# Of the exchange and the queue of RabbitMQ, and what was taken from it.
NAME, TAKEN = "odoo", []


def prepare():
    """Let there be what events name, and let loopback be allowed."""
    prepare_one()
    with as_admin(registry) as env:
        env["ir.config_parameter"].sudo().set_param(NETWORKS, "127.0.0.0/8")
        env.cr.commit()
    return {}


def make(kind, address):
    """Make the only destination, from now on.

    :return: ``id``
    """
    if kind == "nats":
        asyncio.run(_make_stream(address))
    if kind == "rabbitmq":
        _make_queue(address)
    with as_admin(registry) as env:
        destinations = env["event.destination"]
        destinations.search([]).unlink()
        vals = {"name": kind, "kind": kind, "address": address}
        if kind in SECRETS:
            vals["secret"] = SECRETS[kind]
        made = destinations.create(vals)
        made.action_start()
        env.cr.commit()
        return {"id": made.id}


def append(tag, aggregates):
    """Append ten events to each of so many rentals, which live 500 at a time."""
    with as_admin(registry) as env:
        env.cr.commit()
        for part in in_batches(calls_of(rentals(tag, aggregates)), 1000):
            env["event.store"].append_batch(part)
            env.cr.commit()
    return {}


def deliver(destination, count):
    """Send so many events that wait, and nothing else."""
    with as_admin(registry) as env, stopwatch(count) as result:
        subscriptions = env["event.subscription"].sudo()
        env.cr.commit()
        end = time.monotonic() + STALLED
        while subscriptions._deliver(end) and time.monotonic() < end:
            pass
    with as_admin(registry) as env:
        own = env["event.destination"].sudo().browse(destination)
        if own.waiting_count or own.error_count:
            raise ValueError(f"{own.waiting_count} events were not taken: {own.last_error}")
    return result


def came(kind, address):
    """Return how many events the receiver has, and how many different ones."""
    if kind == "nats":
        return dict(zip(("count", "different"), asyncio.run(_stored(address)), strict=True))
    if kind == "rabbitmq":
        _take_all(address)
        return {"count": len(TAKEN), "different": len(set(TAKEN))}
    with urllib.request.urlopen(address, timeout=10) as found:
        return dict(zip(("count", "different"), json.load(found), strict=True))


async def _make_stream(url):
    client = await _connected(url)
    try:
        await client.jetstream().add_stream(name="ODOO", subjects=[EVERYTHING["nats"]])
    finally:
        await client.close()


async def _stored(url):
    """A stream drops what is sent twice: all that it has differ."""
    client = await _connected(url)
    try:
        messages = (await client.jetstream().stream_info("ODOO")).state.messages
    finally:
        await client.close()
    return messages, messages


async def _connected(url):
    import nats

    return await nats.connect(url)


def _make_queue(url):
    with _channel(url) as channel:
        channel.exchange_declare(NAME, "topic", durable=True)
        channel.queue_declare(NAME, durable=True)
        channel.queue_bind(NAME, NAME, EVERYTHING["rabbitmq"])


def _take_all(url):
    """A queue passes on what is sent twice, too."""
    with _channel(url) as channel:
        left = channel.queue_declare(NAME, passive=True).method.message_count
        for _method, properties, _body in channel.consume(NAME, auto_ack=True) if left else ():
            TAKEN.append(properties.message_id)
            left -= 1
            if not left:
                return


@contextmanager
def _channel(url):
    import pika

    connection = pika.BlockingConnection(pika.URLParameters(url))
    try:
        yield connection.channel()
    finally:
        connection.close()


def wait(destination, waiting):
    """Let all events wait for a destination, of which it is tried once; or none.

    :return: ``lag``: how many wait
    """
    with as_admin(registry) as env:
        store, own = env["event.store"].sudo(), env["event.destination"].sudo().browse(destination)
        position = store._feed_start() if waiting else store._feed_now()
        own._move(position, 0, {"error_count": 0, "next_try": False})
        env.cr.commit()
        env["event.subscription"].sudo()._deliver(time.monotonic() + STALLED)
    with as_admin(registry) as env:
        own = env["event.destination"].sudo().browse(destination)
        if bool(own.error_count) is not waiting:
            raise ValueError(f"the receiver that is away: {own.last_error}")
        return {"lag": own.lag_count}


if __name__ == "__main__":
    answer(
        prepare=prepare,
        reset=reset,
        make=make,
        append=append,
        deliver=deliver,
        came=came,
        wait=wait,
    )
