"""The feed with real commits: late ones are not lost, nobody is waited for, pages are stable."""

import uuid

import pytest
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED

from odoo.tools import SQL

pytestmark = pytest.mark.usefixtures("known_recorder")


@pytest.fixture
def known_recorder(env):
    """Let the user have recorded before: the first event of somebody waits for others of theirs."""
    own = env()
    add(own, name())
    own.cr.commit()


def name():
    return f"F{uuid.uuid4().hex[:12]}"


class Reader:
    """A reader of the feed that keeps only what is about some aggregates."""

    def __init__(self, env, limit=1000):
        self.env, self.limit, self.ids = env, limit, []
        self.position = self.at_now()

    def at_now(self):
        env = self.env()
        position = env["event.store"]._feed_now()
        env.cr.rollback()
        return position

    def read(self):
        """Read one page; return ``(aggregate id, version)`` of its events."""
        env = self.env()
        store = env["event.store"]
        condition = store._feed_condition({"counter": ("*",)})
        events, self.position = store._read_feed_page(self.position, condition, self.limit)
        env.cr.rollback()
        self.ids += [event.id for event in events]
        return [(event.aggregate_id, event.version) for event in events]

    def read_all(self):
        found = self.read()
        while self.position.until:
            found += self.read()
        return found


def add(env, aggregate_id, count=1):
    call = {
        "model_name": "counter",
        "aggregate_id": aggregate_id,
        "event_type": "Added",
        "payload": {"amount": 1},
    }
    return env["event.store"].append_batch([call] * count)


def test_what_commits_late_is_not_lost(env):
    reader, early, late = Reader(env), name(), name()
    slow = env()
    add(slow, late)  # a smaller id, and not committed
    fast = env()
    add(fast, early)
    fast.cr.commit()
    assert reader.read_all() == [(early, 1)]
    slow.cr.commit()
    assert reader.read_all() == [(late, 1)]
    assert reader.read_all() == []


def test_what_is_rolled_back_never_comes(env):
    reader, gone, there = Reader(env), name(), name()
    one, other = env(), env()
    add(one, gone)
    one.cr.rollback()
    add(other, there)
    other.cr.commit()
    assert reader.read_all() == [(there, 1)]


def test_an_open_transaction_of_somebody_else_stops_nobody(env):
    idle = env()
    idle.cr.execute("SELECT pg_current_xact_id()")
    reader, mine = Reader(env), name()
    writer = env()
    add(writer, mine)
    writer.cr.commit()
    assert reader.read_all() == [(mine, 1)]


def test_pages_are_of_one_moment_and_in_the_order_of_streams(env):
    reader, mine, later = Reader(env, limit=3), name(), name()
    writer = env()
    add(writer, mine, 10)
    writer.cr.commit()
    found = reader.read()
    add(writer, later, 2)
    writer.cr.commit()
    while len(found) < 10:
        found += reader.read()
    assert found == [(mine, version) for version in range(1, 11)]
    assert reader.read_all() == [(later, 1), (later, 2)]
    assert reader.ids == sorted(set(reader.ids))


def test_ids_that_are_for_nobody_are_passed(env, monkeypatch):
    from odoo.addons.event_sourcing_feed.models import event_feed

    monkeypatch.setattr(event_feed, "SCANNED", 4)
    reader, mine = Reader(env), name()
    writer = env()
    call = {"model_name": "unhandled", "aggregate_id": mine, "event_type": "Nothing"}
    writer["event.store"].append_batch([call] * 9)
    add(writer, mine, 2)
    writer.cr.commit()
    assert reader.read_all() == [(mine, 1), (mine, 2)]


def test_a_reader_of_read_committed_transactions(env):
    reader, mine = Reader(env), name()
    writer = env()
    writer.cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
    add(writer, mine)
    writer.cr.commit()
    assert reader.read_all() == [(mine, 1)]


# ----------------------------------------------------------------------
# Subscriptions
# ----------------------------------------------------------------------


@pytest.fixture
def consumers(env):
    """Let the two toy consumers begin now; give a function that runs what is due."""

    def begin():
        own = env()
        for sub in own["event.subscription"].search([]):
            sub._move(own["event.store"]._feed_now())
            sub.write({"state": "running", "error_count": 0, "next_try": False})
        own.cr.commit()

    begin()

    def run():
        own = env()
        while own["event.subscription"]._run_due():
            pass
        own.cr.rollback()

    yield run
    begin()


def totals(env, aggregate_id):
    own = env()
    found = own["counter.total"].search([("aggregate_id", "=", aggregate_id)])
    return found.total, found.events


def notes(env, aggregate_id):
    own = env()
    return len(own["counter.note"].search([("aggregate_id", "=", aggregate_id)]))


def test_a_projection_and_a_reaction_get_each_event_once(env, consumers):
    mine = name()
    writer = env()
    add(writer, mine, 5)
    writer.cr.commit()
    consumers()
    consumers()
    assert totals(env, mine) == (5, "1,2,3,4,5")
    assert notes(env, mine) == 5


def test_position_and_effects_are_one_transaction(env, consumers, monkeypatch):
    mine = name()
    writer = env()
    add(writer, mine, 3)
    writer.cr.commit()
    model = type(env()["counter.total.projection"])
    original, calls = model._project, []

    def fails_at_the_end(self, events):
        original(self, events)
        calls.append([event.version for event in events])
        if len(calls) == 1:
            raise ValueError("no")

    monkeypatch.setattr(model, "_project", fails_at_the_end)
    consumers()
    # Nothing stayed of the first try; smaller pages follow until all went well.
    assert totals(env, mine) == (3, "1,2,3")
    assert calls == [[1, 2, 3], [1], [2], [3]]


def test_waiting_for_a_consumer(env, consumers):
    mine = name()
    writer = env()
    ids = [answer["id"] for answer in add(writer, mine, 2)]
    writer.cr.commit()
    subscriptions = env()["event.subscription"]
    assert subscriptions.wait_for("counter.total.projection", ids, timeout=0) is False
    consumers()
    assert subscriptions.wait_for("counter.total.projection", ids, timeout=0) is True


def test_read_feed_from_outside(env):
    own = env()
    cursor = own["event.store"].read_feed("now")["cursor"]
    mine = name()
    writer = env()
    add(writer, mine, 3)
    writer.cr.commit()
    seen = []
    for _page in range(3):
        answer = own["event.store"].read_feed(cursor, limit=2, model_names=["counter"])
        cursor = answer["cursor"]
        seen.append([(e["aggregate_id"], e["version"]) for e in answer["events"]])
    assert seen == [[(mine, 1), (mine, 2)], [(mine, 3)], []]


def test_the_index_serves_what_is_new(env):
    own = env()
    own.cr.execute("SET enable_seqscan = off")
    own.cr.execute(
        SQL(
            "EXPLAIN SELECT id FROM event_store WHERE tx >= pg_snapshot_xmax(%s::pg_snapshot)",
            "5:5:",
        )
    )
    assert "event_store_tx_index" in str(own.cr.fetchall())
