"""Clerks who confirm at once, under real commits: what is there is never given to two."""

import threading
import uuid
from datetime import date, timedelta

import psycopg2
import pytest
from psycopg2.extensions import (
    ISOLATION_LEVEL_READ_COMMITTED,
    ISOLATION_LEVEL_REPEATABLE_READ,
)
from support.feed import cursor, env_of, fetch

from odoo.tools import mute_logger

pytestmark = pytest.mark.fills
LEVELS = {"read": ISOLATION_LEVEL_READ_COMMITTED, "repeatable": ISOLATION_LEVEL_REPEATABLE_READ}
RACERS = 12
OWNED = 3
START, END = (date.today() + timedelta(days=days) for days in (3, 9))


def event(name, event_type, model_name="rental", **payload):
    return {
        "model_name": model_name,
        "aggregate_id": name,
        "event_type": event_type,
        "payload": payload,
    }


def append(calls, level=None):
    """Append and commit, again after a conflict, as Odoo does; return the answers."""
    while True:
        try:
            with cursor(level) as cr:
                return env_of(cr)["event.store"].append_batch(calls, policy="record")
        except psycopg2.OperationalError as error:
            if not (error.pgcode or "").startswith("40"):
                raise


@pytest.fixture
def prefix():
    return f"C{uuid.uuid4().hex[:8]}-"


@pytest.fixture
def product(prefix):
    """The id of a product of which so many are owned."""
    with cursor() as cr:
        vals = {"name": prefix, "rental_ok": True}
        product_id = env_of(cr)["product.product"].create(vals).id
    change = {"product_id": product_id, "change": OWNED, "why": "bought"}
    append([event(f"P{product_id}", "QuantityChanged", "rental_stock", **change)])
    return product_id


@pytest.fixture
def units(prefix):
    """The references of so many units of another product, and its id."""
    with cursor() as cr:
        vals = {"name": prefix, "rental_ok": True, "rental_counting": "serial"}
        product_id = env_of(cr)["product.product"].create(vals).id
    names = {f"{product_id}/{prefix}{n}": f"{prefix}{n}" for n in range(OWNED)}
    append(
        [
            event(name, "UnitAcquired", "rental_unit", product_id=product_id, serial_number=serial)
            for name, serial in names.items()
        ]
    )
    return product_id, list(names)


def plan(name, product_id, **line):
    line = {"product_id": product_id, "quantity": 1, **line}
    dates = {"planned_start": str(START), "planned_end": str(END)}
    return event(name, "RentalPlanned", lines={"1": line}, **dates)


def race(names, level):
    """Confirm rentals at the same moment, each in a transaction of its own; return outcomes."""
    barrier, answers, wrong = threading.Barrier(len(names)), {}, []

    def knock(name):
        try:
            barrier.wait(30)
            (answers[name],) = append([event(name, "RentalConfirmed")], level)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=knock, args=(name,)) for name in names]
    with mute_logger("odoo.sql_db"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
    assert not wrong
    return answers


def holding(prefix):
    """Return the names of the rentals that are confirmed, as their own snapshots say it."""
    rows = fetch(
        "SELECT aggregate_id FROM rental_snapshot WHERE status = 'confirmed'"
        " AND aggregate_id LIKE %s",
        prefix + "%",
    )
    return {name for (name,) in rows}


@pytest.mark.parametrize("name", LEVELS)
def test_never_more_are_confirmed_than_there_are(prefix, product, name):
    names = [f"{prefix}{number}" for number in range(RACERS)]
    append([plan(name, product) for name in names])
    answers = race(names, LEVELS[name])
    won = {name for name, answer in answers.items() if answer["outcome"] == "applied"}
    assert len(won) == OWNED
    assert holding(prefix) == won
    for name in set(names) - won:
        assert answers[name]["outcome"] == "rejected"
        assert "only 0 free" in answers[name]["message"]
    with cursor() as cr:
        known = env_of(cr)["event.boundary"].state_at("rental.stock", product)["state"]
        assert set(known["bookings"]) == won


@pytest.mark.parametrize("name", LEVELS)
def test_the_last_unit_goes_to_one(prefix, units, name):
    product_id, (unit, *_others) = units
    names = [f"{prefix}{number}" for number in range(RACERS)]
    append([plan(name, product_id, unit_ids=[unit]) for name in names])
    answers = race(names, LEVELS[name])
    (won,) = [name for name, answer in answers.items() if answer["outcome"] == "applied"]
    assert holding(prefix) == {won}
    assert all(answers[name]["message"] for name in set(names) - {won})
    with cursor() as cr:
        known = env_of(cr)["event.boundary"].state_at("rental.unit", unit)["state"]
        assert list(known["bookings"]) == [won]


# ----------------------------------------------------------------------
# The same race, with and without the boundary
# ----------------------------------------------------------------------


def look_and_write(cr, name, product_id):
    """Hand out a demo, which no boundary decides about, if enough are left; then write."""
    cr.execute(
        "SELECT sum(quantity) FROM rental_snapshot WHERE product_id = %s AND status = 'demo'",
        [product_id],
    )
    if cr.fetchone()[0]:
        return "none left"
    return env_of(cr)["event.store"].append("rental", name, "DemoStarted")["outcome"]


def confirm(cr, name, _product_id):
    return env_of(cr)["event.store"].append("rental", name, "RentalConfirmed")["outcome"]


def second_before_the_first_has_committed(first, second, level):
    """Return what became of two, or the name of what was raised."""
    found, looked = [], threading.Event()

    def follow():
        try:
            with mute_logger("odoo.sql_db"), cursor(level) as cr:
                cr.execute("SELECT 1")  # its view of the database is one of before
                looked.set()
                found.append(second(cr))
        except psycopg2.errors.SerializationFailure:
            found.append("conflict")

    with cursor(level) as cr:
        answer = first(cr)
        other = threading.Thread(target=follow)
        other.start()
        looked.wait(10)
        other.join(0.5)
    other.join(30)
    return answer, *found


@pytest.fixture
def two(prefix, product):
    """Plan two rentals of all that there is; return their names."""
    calls = [plan(f"{prefix}{number}", product, quantity=OWNED) for number in range(2)]
    append(calls)
    return [call["aggregate_id"] for call in calls]


def both(way, names, product, level):
    first, second = (lambda cr, name=name: way(cr, name, product) for name in names)
    return second_before_the_first_has_committed(first, second, level)


@pytest.mark.parametrize("name", LEVELS)
def test_to_look_and_then_to_write_gives_the_last_ones_to_two(two, product, name):
    assert both(look_and_write, two, product, LEVELS[name]) == ("applied", "applied")
    with cursor() as cr:  # one after the other it would have done
        assert look_and_write(cr, two[0], product) == "none left"


@pytest.mark.parametrize(("name", "second"), [("read", "rejected"), ("repeatable", "conflict")])
def test_the_boundary_does_not(prefix, two, product, name, second):
    assert both(confirm, two, product, LEVELS[name]) == ("applied", second)
    assert holding(prefix) == {two[0]}
