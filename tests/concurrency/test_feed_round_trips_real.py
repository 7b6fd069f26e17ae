"""How often a worker asks PostgreSQL: each question waits for a processor where all are busy."""

import os

import pytest
from support.feed import add, cursor, env_of, how_many, projected
from support.wire import Wire

from odoo.modules.registry import Registry
from odoo.sql_db import db_connect
from odoo.tools import config

from odoo.addons.event_sourcing_feed.worker import Worker

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


def work(environment, told, done):
    """Take a turn whenever told to."""
    os.environ.update(environment)
    for option in ("host", "port"):  # 19.0 read them when it was loaded
        config[f"db_{option}"] = environment[f"PG{option.upper()}"]
    database = os.environ["ES_DB"]
    registry = Registry(database)
    registry._db = db_connect(database)
    if getattr(registry, "_db_readonly", None) is not None:
        registry._db_readonly = registry._db
    worker = Worker(database)
    while os.read(told, 1):
        worker._turn()
        os.write(done, b"1")


@pytest.fixture
def turn(prefix, tmp_path, started):
    """Give a function that lets a worker take a turn, and returns what it asked meanwhile."""
    wire, told, done = Wire(tmp_path), os.pipe(), os.pipe()
    started(work, wire.environment, told[0], done[1])
    os.close(done[1])  # so that its end is noticed

    def take():
        del wire.questions[:]
        os.write(told[1], b"1")
        assert os.read(done[0], 1), "the worker has ended"
        return list(wire.questions)

    for _turn in range(3):  # connections are made, caches filled, and what was left is done
        take()
    yield take
    wire.close()


def let_only(*consumers):
    """Let all other subscriptions rest."""
    with cursor() as cr:
        subs = env_of(cr)["event.subscription"].search([("consumer", "not in", consumers)])
        subs.write({"state": "paused"})


def told(questions):
    return "\n".join(question[:150] for question in questions)


def test_with_nothing_to_do(turn):
    questions = turn()
    assert len(questions) <= 3, told(questions)


def test_a_page_for_a_read_model(turn, prefix):
    let_only("counter.total.projection")
    add(f"{prefix}0", 5)
    questions = turn()
    assert projected(prefix) == {f"{prefix}0": "1,2,3,4,5"}
    own = [question for question in questions if "counter_total" in question]
    assert len(own) == 5
    assert len(questions) - len(own) <= 14, told(questions)


def test_a_page_for_a_reaction(turn, prefix):
    let_only("counter.reaction")
    for number in range(5):
        add(f"{prefix}{number}")
    questions = turn()
    assert how_many(prefix) == 5
    own = [question for question in questions if "counter_note" in question]
    assert len(questions) - len(own) <= 16 + 2 * 5, told(questions)


def test_events_for_nobody(turn, prefix):
    let_only("trip.process")
    add(f"{prefix}0")
    questions = turn()
    assert len(questions) <= 10, told(questions)
