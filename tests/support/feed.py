"""What tests of the feed with real commits share: appending, and what the toy consumers made."""

import os
import subprocess

from odoo.modules.registry import Registry

from support.commits import env_of


def cursor(level=None):
    """Return a cursor on the test database.

    :param int level: isolation of its transaction, where it is not Odoo's own
    """
    cr = Registry(os.environ["ES_DB"]).cursor()
    if level:
        cr.connection.set_isolation_level(level)
    return cr


def fetch(query, *values):
    with cursor() as cr:
        cr.execute(query, values)
        return cr.fetchall()


def added(aggregate_id, count=1):
    return [
        {
            "model_name": "counter",
            "aggregate_id": aggregate_id,
            "event_type": "Added",
            "payload": {"amount": 1},
        }
    ] * count


def add(aggregate_id, count=1):
    """Append and commit; return the answers."""
    with cursor() as cr:
        return env_of(cr)["event.store"].append_batch(added(aggregate_id, count))


def let_consumers_begin():
    """Let all consumers begin now, whatever was before."""
    with cursor() as cr:
        env = env_of(cr)
        for sub in env["event.subscription"].search([]):
            sub._move(env["event.store"]._feed_now())
            sub.write({"state": "running", "error_count": 0, "next_try": False, "suspect_count": 0})


def run_due():
    """Give everybody pages until nobody has anything to do."""
    with cursor() as cr:
        while env_of(cr)["event.subscription"]._run_due():
            pass


def projected(prefix):
    """Return ``{aggregate id: versions in the order in which they came}`` of the read model."""
    return dict(
        fetch(
            "SELECT aggregate_id, events FROM counter_total WHERE aggregate_id LIKE %s",
            prefix + "%",
        )
    )


def how_many(prefix):
    """Return to how many events the toy reaction has reacted."""
    return fetch("SELECT count(*) FROM counter_note WHERE aggregate_id LIKE %s", prefix + "%")[0][0]


def subscription(consumer="counter.reaction"):
    """Return the row of a subscription as a dict."""
    with cursor() as cr:
        found = env_of(cr)["event.subscription"].search([("consumer", "=", consumer)])
        return found.read(load="")[0]


def start_worker():
    """Start a real worker process on the test database, which leads a session of its own."""
    addons = f"--addons-path={os.environ['ES_ADDONS_PATH']}"
    return subprocess.Popen(
        [
            # Commands of addons are found where the addons are named first.
            *(os.environ["ES_PYTHON"], os.environ["ES_LAUNCHER"], addons, "event_worker"),
            *("-d", os.environ["ES_DB"], addons),
            f"--data-dir={os.environ['ES_DATA']}",
            f"--logfile={os.environ['ES_ARTEFACTS']}/event_worker.log",
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
