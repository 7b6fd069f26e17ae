"""Boundaries under real commits: a seat is never given to two."""

import os
import random
import signal
import threading
import uuid
from collections import Counter

import psycopg2
import pytest
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
)
from support.feed import cursor, env_of, fetch
from support.forked import until

from odoo import fields
from odoo.modules.registry import Registry
from odoo.tools import mute_logger

pytestmark = pytest.mark.fills
STATUS = "odoo.addons.event_sourcing_boundary.models.event_boundary_status"
DATABASE = os.environ.get("ES_DB")
LEVELS = {"read": ISOLATION_LEVEL_READ_COMMITTED, "repeatable": ISOLATION_LEVEL_REPEATABLE_READ}
RACERS = 16
KEYS = 1000
KILLS = 6


def store(cr):
    return env_of(cr)["event.store"]


def booking(name, event_type="Booked", model_name="booking", **payload):
    return {
        "model_name": model_name,
        "aggregate_id": name,
        "event_type": event_type,
        "payload": payload,
    }


def append(calls, level):
    """Append and commit, again after a conflict, as Odoo does; return the answers."""
    while True:
        try:
            with cursor(level) as cr:
                return store(cr).append_batch(calls, policy="record")
        except psycopg2.OperationalError as error:
            if not (error.pgcode or "").startswith("40"):
                raise


@pytest.fixture
def prefix():
    """What the keys and aggregates of this test begin with; its recorder is known already."""
    name = f"S{uuid.uuid4().hex[:8]}-"
    append([booking(f"{name}first", "Noted")], None)
    return name


def winners(prefix):
    """Return ``{seat: how many bookings were applied}``, as the events say it."""
    rows = fetch(
        "SELECT payload->>'seat', count(*) FROM event_store WHERE model_name = 'booking'"
        " AND event_type = 'Booked' AND outcome = 'applied' AND aggregate_id LIKE %s GROUP BY 1",
        prefix + "%",
    )
    return dict(rows)


def holders(prefix):
    """Return ``Counter`` of the bookings that hold each seat, as their own snapshots say it."""
    rows = fetch(
        "SELECT state->>'seat' FROM event_snapshot WHERE model_name = 'booking'"
        " AND state->>'status' = 'booked' AND state->>'seat' IS NOT NULL"
        " AND aggregate_id LIKE %s",
        prefix + "%",
    )
    return Counter(seat for (seat,) in rows)


@mute_logger("odoo.sql_db")
def book_all(prefix, number, level):
    """Try to book every seat, in an order of its own and in batches."""
    dice = random.Random(number)
    seats = dice.sample(range(KEYS), KEYS)
    size = 25 if level == ISOLATION_LEVEL_READ_COMMITTED else 4
    while seats:
        some, seats = seats[:size], seats[size:]
        append([booking(f"{prefix}{number}/{n}", seat=f"{prefix}{n}") for n in some], level)


@mute_logger("odoo.sql_db")
def live(prefix, number):
    """Book, move and cancel for ever, in both isolation levels, singly and in batches."""
    dice = random.Random(number)
    for turn in range(10**6):
        name = f"{prefix}{number}/{turn}"
        seats = [f"{prefix}{n}" for n in dice.choices(range(12), k=3)]
        calls = [booking(name, seat=seats[0]), booking(name, "Moved", seat=seats[1])]
        if dice.random() < 0.8:
            calls.append(booking(name, "Cancelled"))
        calls.append(booking(f"{name}b", seat=seats[2], visitor=f"{prefix}{number}"))
        calls.append(booking(f"{name}b", "Cancelled"))
        level = dice.choice(list(LEVELS.values()))
        if dice.random() < 0.5:
            append(calls, level)
        else:
            for call in calls:
                append([call], level)


@pytest.mark.parametrize("name", LEVELS)
def test_of_sixteen_racers_one_wins_each_seat(prefix, started, name):
    racers = [started(book_all, prefix, n, LEVELS[name]) for n in range(RACERS)]
    assert [racer.wait(120) for racer in racers] == [0] * RACERS
    found = winners(prefix)
    assert len(found) == KEYS
    assert set(found.values()) == {1}
    # Nothing was stored twice or lost on the way: every attempt of every racer is there.
    ((count,),) = fetch(
        "SELECT count(*) FROM event_store WHERE event_type = 'Booked' AND aggregate_id LIKE %s",
        prefix + "%",
    )
    assert count == RACERS * KEYS


def test_killed_racers_leave_no_seat_to_two(prefix, started):
    dice = random.Random(7)
    racers = [started(live, prefix, n) for n in range(8)]
    for kill in range(KILLS):
        until(lambda: len(winners(prefix)) > 3)
        threading.Event().wait(0.4)
        victim = dice.choice(racers)
        racers.remove(victim)
        victim.send(signal.SIGKILL)
        victim.wait()
        racers.append(started(live, prefix, 100 + kill))
    for racer in racers:
        racer.kill()
    assert holders(prefix)
    assert max(holders(prefix).values()) == 1
    check_index(prefix)


def check_index(prefix):
    """Assert that the index of every key is whole, and that its state is what its events say."""
    with cursor() as cr:
        env = env_of(cr)
        rows = env["event.boundary.state"].search([("key", "like", prefix)], limit=10**6)
        held = holders(prefix)
        for row in rows:
            place = row.company_id.id, row.boundary, row.key
            boundary = env[f"{row.boundary}.boundary"]
            count, state, problem = boundary._fold_key(place)
            assert problem is None
            assert (count, state if count else False) == (row.version, row.state)
            if row.boundary == "seat":
                assert bool(state.get("by")) == bool(held[row.key])


# ----------------------------------------------------------------------
# The same race, with and without a boundary
# ----------------------------------------------------------------------


def race(model_name, prefix, level):
    """Let two append at once for one seat, the second before the first has committed.

    :return: the outcomes, or the name of what was raised
    """
    seat, second = f"{prefix}{model_name}", []

    def follow():
        try:
            with mute_logger("odoo.sql_db"), cursor(level) as cr:
                cr.execute("SELECT 1")  # its view of the database is one of before
                looked.set()
                call = booking(f"{prefix}2", seat=seat, model_name=model_name)
                second.append(store(cr).append_batch([call])[0]["outcome"])
        except psycopg2.errors.SerializationFailure:
            second.append("conflict")

    looked = threading.Event()
    with cursor(level) as cr:
        call = booking(f"{prefix}1", seat=seat, model_name=model_name)
        first = store(cr).append_batch([call])[0]["outcome"]
        other = threading.Thread(target=follow)
        other.start()
        looked.wait(10)
        other.join(0.5)
    other.join(30)
    return first, *second


@pytest.mark.parametrize("name", LEVELS)
def test_to_look_and_then_to_write_loses_the_race(prefix, name):
    append([booking(f"{prefix}0", seat="none", model_name="naive")], None)
    assert race("naive", prefix, LEVELS[name]) == ("applied", "applied")


@pytest.mark.parametrize(("name", "second"), [("read", "rejected"), ("repeatable", "conflict")])
def test_a_boundary_does_not(prefix, name, second):
    assert race("booking", prefix, LEVELS[name]) == ("applied", second)


def test_nobody_is_sent_away_from_a_hot_key(prefix):
    """Over RPC, that is in READ COMMITTED, writers of one key wait in line."""
    wrong, told = [], []

    def knock(number):
        try:
            for turn in range(15):
                name = f"{prefix}{number}/{turn}"
                with cursor(ISOLATION_LEVEL_READ_COMMITTED) as cr:
                    answers = store(cr).append_batch(
                        [booking(name, seat=f"{prefix}hot"), booking(name, "Cancelled")]
                    )
                told.append([answer["outcome"] for answer in answers])
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=knock, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not wrong
    assert told == [["applied", "applied"]] * 8 * 15
    check_index(prefix)


# ----------------------------------------------------------------------
# Switched on over a store that has events
# ----------------------------------------------------------------------


def without_boundary(function, *values):
    """Run with the code of before the boundary was there."""
    Registry(DATABASE)["event.boundary"]._guarded = lambda self: {}
    function(*values)


def book_until_told(prefix, stop):
    """Append with former code; ends when the file is there."""
    number = 0
    while not os.path.exists(stop):
        number += 1
        name = f"{prefix}{number}"
        append([booking(name, seat=f"{prefix}{number % 5}")], None)
        append([booking(name, "Cancelled")], None)
    append([booking(f"{prefix}last", seat=f"{prefix}0")], None)


def run():
    with cursor() as cr:
        return env_of(cr)["event.boundary.status"]._run(1)


def set_waiting():
    with cursor() as cr:
        status = env_of(cr)["event.boundary.status"]
        status.search([("boundary", "=", "seat")]).action_rebuild()


def test_one_that_waits_or_fails_keeps_no_other(monkeypatch):
    """A transaction that stays open holds up the one that waits for it, and no other."""
    until(run, what="all are in force")
    with cursor() as cr:
        env = env_of(cr)
        boundaries = env["event.boundary"]._names()
        status = env["event.boundary.status"].search([("boundary", "in", list(boundaries))])
        first, last = status.sorted("boundary")[0], status.sorted("boundary")[-1]
        assert first.boundary < last.boundary
        first.write({"state": "waiting", "began_on": fields.Datetime.now()})
        last.write({"state": "folding", "position": 2**31 - 1})
        first, last = first.boundary, last.boundary
    with cursor() as holding:
        holding.execute("SELECT 1")
        assert not run()
        assert (state(first), state(last)) == ("waiting", "ready")
    with cursor() as cr:
        model = type(env_of(cr)["event.boundary.status"])
    work = model._work

    def fails(self):
        if self.boundary == first:
            raise KeyError("no such thing")
        return work(self)

    with monkeypatch.context() as patched, mute_logger(STATUS):
        patched.setattr(model, "_work", fails)
        with cursor() as cr:
            rows = env_of(cr)["event.boundary.status"]
            for row in rows.search([("boundary", "in", [first, last])]):
                row.write({"state": "folding", "position": 0})
        assert run()
    found = state(first)
    with cursor() as cr:
        row = env_of(cr)["event.boundary.status"].search([("boundary", "=", first)])
        message = row.message
        row.action_rebuild()
    assert (state(last), found) == ("ready", "incomplete") and "no such thing" in message
    until(run, what="it is in force again")


def state(name="seat"):
    ((found,),) = fetch("SELECT state FROM event_boundary_status WHERE boundary = %s", name)
    return found


def test_switched_on_under_load(prefix, started, tmp_path):
    stop = str(tmp_path / "stop")
    writers = [started(without_boundary, book_until_told, f"{prefix}{n}-", stop) for n in range(2)]
    until(lambda: len(holders(prefix)) > 1)
    try:
        # One with former code is in the middle of its transaction.
        with cursor() as late:
            set_waiting()
            registry = Registry(DATABASE)["event.boundary"]
            guarded = registry._guarded
            registry._guarded = lambda self: {}
            store(late).append_batch([booking(f"{prefix}late", seat=f"{prefix}seat")])
            registry._guarded = guarded
            run()
            open(stop, "w").close()  # the others take over today's code
            assert [writer.wait(60) for writer in writers] == [0, 0]
            run()
            assert state() == "waiting"  # for the one that has not ended
            with pytest.raises(Exception, match="does not count yet"):
                append([booking(f"{prefix}new", seat=f"{prefix}seat")], None)
        until(lambda: run() or state() == "ready", 240)
    finally:
        until(lambda: run() or state() == "ready", 240)
    (answer,) = append([booking(f"{prefix}new", seat=f"{prefix}seat")], None)
    assert answer["message"] == f"{prefix}seat is taken by {prefix}late."
    for n in range(2):
        (answer,) = append([booking(f"{prefix}again{n}", seat=f"{prefix}{n}-0")], None)
        assert answer["message"] == f"{prefix}{n}-0 is taken by {prefix}{n}-last."
    check_index(prefix)
