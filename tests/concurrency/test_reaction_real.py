"""Reactions with real commits: exactly once under kill -9, lines that keep their order."""

import os
import signal
import threading
import time
import uuid

import pytest
from support.commits import env_of
from support.feed import start_worker
from support.forked import Forked

from odoo.modules.registry import Registry
from odoo.tools import mute_logger

pytestmark = pytest.mark.usefixtures("quiet")
DEADLINE = 60


@pytest.fixture
def quiet(env):
    """Let the toys begin now, without old tasks; the same afterwards."""

    def begin():
        own = env()
        own["event.store"].append("counter", name(), "Added", {"amount": 1})
        own.cr.commit()
        own["event.reaction.task"].search([]).unlink()
        for sub in own["event.subscription"].search([]):
            sub._move(own["event.store"]._feed_now())
            sub.write({"state": "running", "error_count": 0, "next_try": False})
        own.cr.commit()

    begin()
    yield
    begin()


def name():
    return f"R{uuid.uuid4().hex[:12]}"


def add(env, aggregate_ids):
    own = env()
    calls = [
        {
            "model_name": "counter",
            "aggregate_id": aggregate_id,
            "event_type": "Added",
            "payload": {"amount": 1},
        }
        for aggregate_id in aggregate_ids
    ]
    ids = [answer["id"] for answer in own["event.store"].append_batch(calls)]
    own.cr.commit()
    return ids


def run(env, turns=1):
    own = env()
    for _turn in range(turns):
        own["event.subscription"]._run_due()
    own.cr.close()


def noted(env, aggregate_id):
    """Return the ids of the events of an aggregate that the toy reacted to, in that order."""
    with Registry(os.environ["ES_DB"]).cursor() as cr:
        own = env_of(cr)
        notes = own["counter.note"].search([("aggregate_id", "=", aggregate_id)], order="id")
        return notes.mapped("event_id")


def tasks(env, aggregate_id):
    own = env()
    found = own["event.reaction.task"].search([("aggregate_id", "=", aggregate_id)], order="id")
    return [(task.event_id.id, task.state) for task in found]


def make_due(env):
    own = env()
    own["event.reaction.task"].search([("state", "=", "waiting")]).next_try = "2020-01-01 00:00:00"
    own.cr.commit()


def note(self, event):
    self.env["counter.note"].create({"event_id": event.id, "aggregate_id": event.aggregate_id})


@pytest.fixture
def reaction(env):
    return type(env()["counter.reaction"])


def test_a_dead_letter_holds_back_its_own_aggregate_alone(env, reaction, monkeypatch):
    bad, good = name(), name()

    def react(self, event):
        note(self, event)
        if event.aggregate_id == bad:
            raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr(reaction, "_react", react)
        patched.setattr(reaction, "_retries", (60,))
        first = add(env, [bad, good])
        run(env)
        assert tasks(env, bad) == [(first[0], "waiting")]
        make_due(env)
        run(env)
        second = add(env, [bad, good, bad])
        run(env, 2)
    assert tasks(env, bad) == [(first[0], "dead"), (second[0], "behind"), (second[2], "behind")]
    assert (noted(env, bad), noted(env, good)) == ([], [first[1], second[1]])
    own = env()
    own["event.reaction.task"].search([("state", "=", "dead")]).write(
        {"state": "waiting", "next_try": "2020-01-01 00:00:00"}
    )
    own.cr.commit()
    run(env)
    assert noted(env, bad) == [first[0], second[0], second[2]]
    assert tasks(env, bad) == []


def test_an_event_that_queued_up_behind_one_that_was_done_meanwhile_goes_on(
    env, reaction, monkeypatch
):
    mine, other = name(), name()

    def fails(self, event):
        raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr(reaction, "_react", fails)
        (first,) = add(env, [mine])
        run(env)
    make_due(env)
    task_id = env()["event.reaction.task"].search([("aggregate_id", "=", mine)]).id

    def done_meanwhile(self, event):
        note(self, event)
        if event.aggregate_id == other:
            # The page has seen that the line is held up; now it is free.
            env()["event.subscription"]._run_task(task_id)

    monkeypatch.setattr(reaction, "_react", done_meanwhile)
    _event, second = add(env, [other, mine])
    own = env()
    sub = own["event.subscription"].search([("consumer", "=", "counter.reaction")])
    own["event.subscription"]._run_page(sub.id)
    assert tasks(env, mine) == [(second, "waiting")]
    run(env)
    assert noted(env, mine) == [first, second]


def test_conflicts_are_tried_again_and_no_event_is_set_aside(env, reaction, monkeypatch):
    mine, calls = name(), []

    def react(self, event):
        calls.append(event.id)
        if len(calls) < 9:
            self.env.cr.execute(
                "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$"
            )
        note(self, event)

    monkeypatch.setattr(reaction, "_react", react)
    (event_id,) = add(env, [mine])
    deadline = time.monotonic() + DEADLINE
    with mute_logger(
        "odoo.sql_db", "odoo.addons.event_sourcing_feed.models.event_subscription_run"
    ):
        while not noted(env, mine) and time.monotonic() < deadline:
            run(env)
    assert (noted(env, mine), tasks(env, mine)) == ([event_id], [])


def test_a_line_goes_on_where_somebody_changes_it_at_this_moment(env, reaction, monkeypatch):
    mine = name()

    def fails(self, event):
        raise ValueError("no")

    with monkeypatch.context() as patched:
        patched.setattr(reaction, "_react", fails)
        events = add(env, [mine, mine])
        run(env)
    make_due(env)
    tasks_model, changed = type(env()["event.reaction.task"]), []
    original = tasks_model._move_up

    def move_up(self, lines=None):
        self.env.cr.execute("SELECT 1")  # it sees the database as it is now
        if lines and not changed:
            changed.append(lines)
            other = env()
            other.cr.execute(
                "UPDATE event_reaction_task SET reason = 'x' WHERE aggregate_id = %s"
                " AND state = 'behind'",
                [mine],
            )
            other.cr.commit()
        return original(self, lines)

    monkeypatch.setattr(tasks_model, "_move_up", move_up)
    with mute_logger("odoo.sql_db"):
        run(env)
    assert changed
    assert (noted(env, mine), tasks(env, mine)) == (events, [])


def test_several_workers_keep_the_order_of_every_line(env, reaction, monkeypatch):
    names = [name() for _number in range(4)]
    failed = set()

    def react(self, event):
        if event.id % 3 == 0 and event.id not in failed:
            failed.add(event.id)
            raise ValueError("once")
        time.sleep(0.002)
        note(self, event)

    monkeypatch.setattr(reaction, "_react", react)
    monkeypatch.setattr(reaction, "_retries", (0,) * 9)
    expected = {key: [] for key in names}
    stop = threading.Event()

    def work():
        registry = Registry(os.environ["ES_DB"])
        while not stop.is_set():
            with registry.cursor() as cr:
                own = env_of(cr)
                if not own["event.subscription"]._run_due():
                    time.sleep(0.01)

    workers = [threading.Thread(target=work) for _number in range(3)]
    for worker in workers:
        worker.start()
    try:
        for _round in range(10):
            for event_id, key in zip(add(env, names * 2), names * 2, strict=True):
                expected[key].append(event_id)
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            if all(len(noted(env, key)) == len(expected[key]) for key in names):
                break
            time.sleep(0.2)
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert {key: noted(env, key) for key in names} == expected
    assert failed


# ----------------------------------------------------------------------
# Worker processes that are killed
# ----------------------------------------------------------------------


def test_each_event_once_whenever_a_worker_is_killed(env):
    names = [name() for _number in range(5)]
    expected = {key: [] for key in names}
    workers = []
    try:
        for _round in range(3):
            for event_id, key in zip(add(env, names * 40), names * 40, strict=True):
                expected[key].append(event_id)
            workers.append(start_worker())
            before = sum(len(noted(env, key)) for key in names)
            deadline = time.monotonic() + DEADLINE
            while sum(len(noted(env, key)) for key in names) == before:
                assert time.monotonic() < deadline, "the worker does nothing"
                time.sleep(0.01)
            os.killpg(workers[-1].pid, signal.SIGKILL)  # amid the next page
            workers[-1].wait()
    finally:
        for worker in workers:
            if worker.poll() is None:
                os.killpg(worker.pid, signal.SIGKILL)
                worker.wait()
    run(env, 20)
    assert {key: noted(env, key) for key in names} == expected


def test_a_task_at_which_processes_die_is_a_dead_letter(env, reaction, monkeypatch):
    mine, other = name(), name()

    class Killed(BaseException):
        """The process ends here: nothing after this runs."""

    def fails(self, event):
        if event.aggregate_id == mine:
            raise ValueError("no")
        note(self, event)

    def dies(self, event):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(reaction, "_react", fails)
        (event_id,) = add(env, [mine])
        run(env)
        patched.setattr(reaction, "_react", dies)
        for _time in range(2):
            make_due(env)
            with pytest.raises(Killed):
                run(env)
    make_due(env)
    add(env, [other])
    run(env, 2)
    assert tasks(env, mine) == [(event_id, "dead")]
    assert len(noted(env, other)) == 1


def test_a_timeout_comes_once_however_many_workers_there_are(env):
    trip, since = name(), time.monotonic()
    own = env()
    own["event.store"].append("trip", trip, "TripBooked", {}, timestamp="2020-01-01 00:00:00")
    own.cr.commit()

    def work():
        registry = Registry(os.environ["ES_DB"])
        while time.monotonic() < since + 5:
            with registry.cursor() as cr:
                env_of(cr)["event.subscription"]._run_due()

    workers = [threading.Thread(target=work) for _number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    own = env()
    found = own["event.store"].search([("aggregate_id", "=", trip)], order="id")
    assert found.mapped("event_type") == ["TripBooked", "PaymentOverdue", "TripCancelled"]
    instance = own["event.process.instance"].search([("key", "=", trip)])
    assert (instance.ended, len(instance.timeout_ids)) == (True, 0)
    assert instance.state["events"] == found.mapped("event_type")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_timeout_at_which_processes_die_is_put_off(env, monkeypatch):
    trips, own = [name(), name()], env()
    for trip in trips:
        own["event.store"].append("trip", trip, "TripBooked", {}, timestamp="2020-01-01 00:00:00")
    own.cr.commit()
    store = type(own["event.store"])
    append = store.append

    def dies(self, model_name, aggregate_id, *values, **options):
        if aggregate_id == trips[0] and model_name == "trip.payment":
            os._exit(9)
        return append(self, model_name, aggregate_id, *values, **options)

    monkeypatch.setattr(store, "append", dies)
    deaths = 0
    while deaths < 10 and Forked(run, env, 5).wait() == 9:
        deaths += 1
    assert deaths < 10
    run(env, 5)  # here: it would end here
    own = env()
    found = own["event.process.instance"].search([("key", "in", trips)], order="key")
    bad, good = (found.filtered(lambda i, trip=trip: i.key == trip) for trip in trips)
    assert (bad.timeout_ids.tries, good.ended) == (1, True)
    assert "ended again and again" in bad.timeout_ids.error
    found.timeout_ids.unlink()
    own.cr.commit()
