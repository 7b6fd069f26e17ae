"""What tests of destinations with real commits share: appending, sending, and what waits."""

import time
from contextlib import contextmanager

from support.feed import cursor, env_of, fetch
from support.forked import until

NETWORKS = "event_sourcing_delivery.allowed_networks"


@contextmanager
def destinations(**defaults):
    """Give a function that makes a destination of counters at an address, from now on.

    All of them are removed at the end.

    :param defaults: values of each, such as its kind
    """
    made = []

    def make(url, **vals):
        with cursor() as cr:
            env = env_of(cr)
            env["ir.config_parameter"].set_param(NETWORKS, "127.0.0.0/8")
            destination = env["event.destination"].create(
                {
                    "address": url,
                    "user_id": env.ref("base.user_admin").id,
                    "filter_ids": [(0, 0, {"model_name": "counter"})],
                    **defaults,
                    **vals,
                }
            )
            destination.action_start()
            made.append(destination.id)
            return destination.id

    yield make
    with cursor() as cr:
        env = env_of(cr)
        env["event.destination"].browse(made).unlink()
        env["ir.config_parameter"].set_param(NETWORKS, False)


def add(*aggregate_ids):
    with cursor() as cr:
        calls = [
            {
                "model_name": "counter",
                "aggregate_id": name,
                "event_type": "Added",
                "payload": {"amount": number},
            }
            for number, name in enumerate(aggregate_ids, 1)
        ]
        return env_of(cr)["event.store"].append_batch(calls)


def deliver(seconds=30):
    """Send what is due, as the scheduler does, until nothing is."""
    with cursor() as cr:
        env = env_of(cr)
        deadline = time.monotonic() + seconds
        while env["event.subscription"]._deliver(deadline) and time.monotonic() < deadline:
            pass


def deliver_until(condition, seconds=40):
    """Send what is due again and again, until something is so."""

    def attempt():
        deliver(5)
        return condition()

    return until(attempt, seconds)


def make_due(destination):
    with cursor() as cr:
        cr.execute(
            "UPDATE event_reaction_task SET next_try = timezone('UTC', now())"
            " WHERE state = 'waiting' AND subscription_id = (SELECT subscription_id"
            " FROM event_destination WHERE id = %s)",
            [destination],
        )
        cr.execute(
            "UPDATE event_subscription SET next_try = NULL WHERE id = (SELECT subscription_id"
            " FROM event_destination WHERE id = %s)",
            [destination],
        )


def waiting(destination):
    return fetch(
        "SELECT task.aggregate_id, task.state FROM event_reaction_task AS task"
        " JOIN event_destination AS dest ON dest.subscription_id = task.subscription_id"
        " WHERE dest.id = %s ORDER BY task.event_id",
        destination,
    )


def subscription(destination):
    return fetch(
        "SELECT sub.state, sub.error_count, coalesce(sub.last_error, '') FROM event_subscription"
        " AS sub JOIN event_destination AS dest ON dest.subscription_id = sub.id"
        " WHERE dest.id = %s",
        destination,
    )[0]
