"""A check beside writers says of no boundary that it knows something else than its events."""

import random
import uuid

import psycopg2
import pytest
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED
from support.feed import cursor, env_of, fetch
from support.forked import until

from odoo.tools import mute_logger

pytestmark = pytest.mark.fills
WRITERS = 4
CHECKS = 6
SEATS = 10


@pytest.fixture
def prefix():
    """What the keys and aggregates of this test begin with; its recorder is known already."""
    name = f"D{uuid.uuid4().hex[:8]}-"
    append([booking(f"{name}first", "Noted")])
    return name


def booking(name, event_type="Booked", **payload):
    return {
        "model_name": "booking",
        "aggregate_id": name,
        "event_type": event_type,
        "payload": payload,
    }


def append(calls, level=None):
    """Append and commit; where others came first, not at all."""
    try:
        with cursor(level) as cr:
            env_of(cr)["event.store"].append_batch(calls, policy="record")
    except psycopg2.OperationalError as error:
        if not (error.pgcode or "").startswith("40"):
            raise


@mute_logger("odoo.sql_db")
def write(prefix, number):
    """Book, move and cancel for ever, the same seats as others, in one go or one by one."""
    dice = random.Random(number)
    for turn in range(10**6):
        name, seats = f"{prefix}{number}/{turn}", dice.choices(range(SEATS), k=2)
        calls = [
            booking(name, seat=f"{prefix}{seats[0]}", visitor=f"{prefix}{number}"),
            booking(name, "Moved", seat=f"{prefix}{seats[1]}"),
            booking(name, "Cancelled"),
        ]
        level = dice.choice((None, ISOLATION_LEVEL_READ_COMMITTED))
        for some in [calls] if dice.random() < 0.5 else [[call] for call in calls]:
            append(some, level)


def recorded(prefix):
    return fetch("SELECT count(*) FROM event_store WHERE aggregate_id LIKE %s", prefix + "%")[0][0]


def check():
    """Check all bookings; return what was found."""
    with cursor() as cr:
        job_id = env_of(cr)["event.job"].start("check", "booking")["id"]
    with cursor() as cr:
        env_of(cr)["event.job"].browse(job_id)._work(60)
        cr.rollback()  # what was found stands in transactions of the job's own
        job = env_of(cr)["event.job"].browse(job_id)
        assert job.state == "done", job.message
        return job.difference_ids.mapped(lambda d: (d.kind, d.aggregate_id, d.message))


def test_a_check_beside_writers_is_no_false_alarm(prefix, started):
    writers = [started(write, prefix, number) for number in range(WRITERS)]
    for _check in range(CHECKS):
        before = recorded(prefix)
        until(lambda before=before: recorded(prefix) > before + 20)
        found = check()
        assert [one for one in found if prefix in str(one)] == []
    for writer in writers:
        writer.kill()
    # The same check finds what is wrong.
    seat = f"{prefix}0"
    with cursor() as cr:
        query = "UPDATE event_boundary_state SET version = version + 1 WHERE key = %s"
        cr.execute(query, [seat])
    assert {kind for kind, _name, text in check() if seat in text} == {"boundary_state"}
