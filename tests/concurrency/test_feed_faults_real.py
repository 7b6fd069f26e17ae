"""What goes wrong with a consumer keeps no other from its turn, and is known afterwards."""

import os
import threading
import time
from datetime import datetime, timedelta

import psycopg2
import pytest
from support.feed import (
    add,
    added,
    cursor,
    env_of,
    fetch,
    how_many,
    projected,
    run_due,
    subscription,
)
from support.forked import Forked

from odoo import fields
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tools import mute_logger

from odoo.addons.event_sourcing_feed import worker as worker_module
from odoo.addons.event_sourcing_feed.models import event_feed, event_subscription_run
from odoo.addons.event_sourcing_feed.models.event_consumer import EventConsumers
from odoo.addons.event_sourcing_feed.worker import Worker

RUN = "odoo.addons.event_sourcing_feed.models.event_subscription_run"
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


@pytest.fixture
def reaction(monkeypatch):
    """Give a function that lets the toy reaction do something else."""
    model = Registry(os.environ["ES_DB"])["counter.reaction"]
    original = model._react

    def replace(react):
        monkeypatch.setattr(model, "_react", lambda self, event: react(self, event, original))
        return model

    with mute_logger(RUN, "odoo.sql_db"):
        yield replace


def task_error(start):
    """Return what stopped the reaction at the first event of a test."""
    ((error,),) = fetch(
        "SELECT error FROM event_reaction_task WHERE aggregate_id = %s", f"{start}0"
    )
    return error


def change(**vals):
    with cursor() as cr:
        subscriptions = env_of(cr)["event.subscription"]
        subscriptions.search([("consumer", "=", "counter.reaction")]).write(vals)


def fail(cr, code):
    cr.execute(f"DO $$ BEGIN RAISE EXCEPTION 'a conflict' USING ERRCODE = '{code}'; END $$")


def test_a_conflict_is_no_error(prefix, reaction):
    calls = []

    def react(self, event, original):
        calls.append(event.id)
        if len(calls) < 4:
            fail(self.env.cr, "40001")
        original(self, event)

    reaction(react)
    add(f"{prefix}0")
    run_due()
    assert how_many(prefix) == 1
    found = subscription()
    assert (found["error_count"], found["state"]) == (0, "running")


def test_what_meets_a_conflict_for_ever_is_an_error(prefix, reaction, monkeypatch):
    monkeypatch.setattr(event_subscription_run, "CONFLICT_PAUSES", (0.01,) * 6)

    def react(self, event, original):
        fail(self.env.cr, "40P01")

    reaction(react)
    add(f"{prefix}0")
    run_due()
    found = subscription()
    assert found["error_count"] == 1
    assert "a conflict" in found["last_error"]
    assert "ended" not in found["last_error"]  # nobody died
    assert projected(prefix)


def test_a_statement_that_takes_too_long(prefix, reaction, monkeypatch):
    def react(self, event, original):
        self.env.cr.execute("SELECT pg_sleep(60)")

    model = reaction(react)
    monkeypatch.setattr(model, "_time_limit", 0.3)
    add(f"{prefix}0")
    began = time.monotonic()
    scheduler = threading.Thread(target=run_due)  # no signal reaches what is not the main thread
    scheduler.start()
    scheduler.join()
    assert time.monotonic() - began < 20
    assert "statement timeout" in task_error(prefix)
    assert projected(prefix)


def test_a_loop_that_never_ends(prefix, reaction, monkeypatch):
    def react(self, event, original):
        while True:
            try:
                while True:
                    pass
            except Exception:  # whoever catches everything
                if len(caught) == 2:
                    raise
                caught.append(event.id)

    caught = []
    monkeypatch.setattr(reaction(react), "_time_limit", 0.2)
    add(f"{prefix}0")
    run_due()
    assert "longer than" in task_error(prefix)
    assert projected(prefix)


def test_an_event_at_which_the_process_ends_again_and_again(prefix, reaction):
    poisoned = add(f"{prefix}bad")[0]["id"]
    add(f"{prefix}good")

    def react(self, event, original):
        if event.id == poisoned:
            os._exit(9)
        original(self, event)

    reaction(react)
    for _death in range(1 + event_subscription_run.DEATHS):  # once with the other one
        assert Forked(run_due).wait() == 9
    run_due()  # in this process: it would end here
    found = subscription()
    # It stops there, or goes on without that event, as the consumer says.
    assert (found["error_count"], how_many(prefix)) in ((1, 0), (0, 1))
    assert not found["error_count"] or "ended 4 times" in found["last_error"]
    assert set(projected(prefix)) == {f"{prefix}bad", f"{prefix}good"}


def test_one_that_loses_its_connection_keeps_no_other(prefix, reaction):
    def react(self, event, original):
        self.env.cr._cnx.close()
        self.env.cr.execute("SELECT 1")

    reaction(react)
    add(f"{prefix}0")
    run_due()
    assert projected(prefix)
    for _try in range(event_subscription_run.DEATHS):
        run_due()
    assert subscription()["error_count"] or how_many(prefix) == 0


def test_an_error_that_cannot_even_be_noted_keeps_no_other(prefix, reaction, monkeypatch):
    """Its turn comes first each time: the others would never have theirs."""

    def told(*_arguments):
        raise RuntimeError("no words")

    def attempt(self, event):
        raise ValueError("no")

    monkeypatch.setattr(reaction(None), "_attempt", attempt)
    monkeypatch.setattr(event_subscription_run, "told", told)
    add(f"{prefix}0")
    change(last_consumed_on=False)
    with pytest.raises(RuntimeError, match="no words"):
        run_due()
    assert projected(prefix)


@pytest.mark.parametrize("code", ["53100", "53200"])
def test_a_full_disk_stops_nobody_for_good(prefix, reaction, code):
    def react(self, event, original):
        fail(self.env.cr, code)

    reaction(react)
    add(f"{prefix}0", 2)
    change(error_count=len(event_subscription_run.RETRIES) - 1)
    for _try in range(3):
        run_due()
        found = subscription()
        change(next_try=False)
    assert (found["state"], found["suspect_count"]) == ("running", 0)
    assert found["next_try"] - datetime.utcnow() < timedelta(minutes=5)


def test_a_worker_that_is_told_to_end_begins_with_nothing_else(prefix, reaction):
    worker = Worker(os.environ["ES_DB"])

    def react(self, event, original):
        original(self, event)
        worker._ending = True

    reaction(react)
    add(f"{prefix}0")
    change(last_consumed_on=False)
    worker._turn()
    assert (how_many(prefix), projected(prefix)) == (1, {})


def test_a_clock_that_is_wrong(prefix, reaction, monkeypatch):
    def react(self, event, original):
        raise ValueError("no")

    reaction(react)
    add(f"{prefix}0")
    ahead = datetime.utcnow() + timedelta(days=400)
    monkeypatch.setattr(fields.Datetime, "now", staticmethod(lambda *_args: ahead))
    run_due()
    ((pause,),) = fetch(
        "SELECT extract(epoch FROM next_try - (now() AT TIME ZONE 'UTC'))::float"
        " FROM event_reaction_task WHERE aggregate_id = %s",
        f"{prefix}0",
    )
    assert pause < 5
    # The database's clock was ahead when it failed, and was set right.
    with cursor() as cr:
        cr.execute(
            "UPDATE event_reaction_task SET next_try = %s WHERE aggregate_id = %s",
            [ahead, f"{prefix}0"],
        )
    monkeypatch.undo()
    run_due()
    assert how_many(prefix) == 1


def connected():
    """Return who is connected, and since when the server's own processes run."""
    return fetch(
        "SELECT pid, backend_type, backend_start, application_name, state, left(query, 80)"
        " FROM pg_stat_activity WHERE datname = current_database() OR datname IS NULL"
    )


def test_a_consumer_that_is_gone_and_comes_back(prefix, monkeypatch):
    with cursor() as cr:
        names = env_of(cr)["event.consumer.registry"]._names()
    add(f"{prefix}0")

    def sync():
        with cursor() as cr, mute_logger("odoo.addons.event_sourcing_feed.models"):
            env_of(cr)["event.subscription"]._sync()

    left = tuple(name for name in names if name != "counter.reaction")
    # Of the class in the code: a worker of a test before may have loaded the registry anew.
    monkeypatch.setattr(EventConsumers, "_names", lambda _self: left)
    sync()
    assert subscription()["state"] == "gone", connected()
    run_due()
    assert subscription()["state"] == "gone", connected()
    with cursor() as cr, pytest.raises(UserError, match="no consumer 'counter"):
        env_of(cr)["event.subscription"].wait_for("counter.reaction", [1])
    monkeypatch.undo()
    sync()
    run_due()
    assert (subscription()["state"], how_many(prefix)) == ("paused", 0)
    with cursor() as cr:
        env = env_of(cr)
        env["event.subscription"].search([("consumer", "=", "counter.reaction")]).action_resume()
    run_due()
    assert how_many(prefix) == 1


def test_an_event_type_that_is_renamed_while_its_event_waits(prefix, monkeypatch):
    with cursor() as cr:
        store = env_of(cr)["event.store"]
        before = store._feed_now()
        cr.commit()
        store.append_batch(added(f"{prefix}0"))
        cr.commit()
        handler = Registry(os.environ["ES_DB"])["counter.snapshot.handler"]
        monkeypatch.setattr(handler, "_event_aliases", {"Added": "Increased"})
        for name in ("Increased", "Added"):
            condition = store._feed_condition({"counter": (name,)})
            events, _position = store._read_feed_page(before, condition, 10)
            assert [event.event_type for event in events] == ["Increased"], name


def test_a_filter_that_matches_nothing_moves_on(prefix, monkeypatch):
    monkeypatch.setattr(event_feed, "SCANNED", 50)
    with cursor() as cr:
        store = env_of(cr)["event.store"]
        position = store._feed_now()
        cr.commit()
        store.append_batch(added(f"{prefix}0", 170))
        cr.commit()
        condition, pages = store._feed_condition({"rental": ("NoSuchType",)}), 0
        while True:
            events, position = store._read_feed_page(position, condition, 10)
            assert not events
            pages += 1
            if not position.until:
                break
        assert 4 <= pages <= 5


def test_what_was_imported_reaches_read_models_and_causes_nothing(prefix):
    with cursor() as cr:
        store = env_of(cr)["event.store"]
        before = store._feed_now()
        cr.commit()
        for origin in ("imported", "restored"):
            store._append_all(added(f"{prefix}{origin}"), origin=origin)
        cr.commit()
        condition = store._feed_condition({"counter": ("*",)})
        events, _position = store._read_feed_page(before, condition, 10)
        assert [event.origin for event in events] == ["imported", "restored"]
    run_due()
    assert projected(prefix) == {f"{prefix}imported": "1", f"{prefix}restored": "1"}
    assert how_many(prefix) == 0


def test_the_scheduler_alone(prefix):
    add(f"{prefix}0", 5)
    with cursor() as cr:
        env = env_of(cr)
        cron = env.ref("event_sourcing_feed.event_feed_cron")
        assert (cron.active, cron.interval_number, cron.interval_type) == (True, 1, "minutes")
        env["event.subscription"]._run_fallback()
    assert how_many(prefix) == 5
    assert projected(prefix) == {f"{prefix}0": "1,2,3,4,5"}


def test_waiting_returns_as_soon_as_an_event_is_there(prefix):
    with cursor() as cr:
        store = env_of(cr)["event.store"]
        cursor_text = store.read_feed("now")["cursor"]
        began = time.monotonic()
        writer = Forked(add, f"{prefix}0")
        answer = store.read_feed(cursor_text, wait=25, model_names=["counter"])
        assert [event["aggregate_id"] for event in answer["events"]] == [f"{prefix}0"]
        assert time.monotonic() - began < 15
    assert writer.wait() == 0


def test_a_worker_ends_where_its_code_is_of_before_an_update(prefix, monkeypatch):
    worker = Worker(os.environ["ES_DB"])
    worker._turn()
    module = "test_event_sourcing_feed"
    ((version,),) = fetch("SELECT latest_version FROM ir_module_module WHERE name = %s", module)

    def update(to):
        with cursor() as cr:
            cr.execute(
                "UPDATE ir_module_module SET latest_version = %s WHERE name = %s", [to, module]
            )
        worker._registry = None  # as after the signal of an update

    worker._registry = None
    worker._turn()  # loaded anew, and of the same version
    try:
        update("99.0")
        with pytest.raises(SystemExit, match=f"again: {module} was updated"):
            worker._turn()
    finally:
        update(version)


def test_an_error_ends_no_worker(prefix, monkeypatch):
    worker, calls = Worker(os.environ["ES_DB"]), []

    def turn():
        calls.append(1)
        if len(calls) == 1:
            raise psycopg2.errors.UndefinedColumn("an update is at it")
        worker._ending = True

    monkeypatch.setattr(worker, "_turn", turn)
    monkeypatch.setattr(worker_module, "PAUSE", 0)
    monkeypatch.setattr(worker_module.signal, "signal", lambda *_arguments: None)
    with mute_logger("odoo.addons.event_sourcing_feed.worker"):
        worker.run()
    assert len(calls) == 2


def test_two_processes_that_load_a_new_consumer_at_once(prefix):
    with cursor() as cr:
        env_of(cr)["event.subscription"].search([("consumer", "=", "counter.reaction")]).unlink()
    with cursor() as one, cursor() as other:
        one.execute("SELECT 1 FROM event_subscription")  # sees the database as it is now
        env_of(other)["event.subscription"]._register_hook()
        other.commit()
        with mute_logger("odoo.sql_db"):
            env_of(one)["event.subscription"]._register_hook()
    assert subscription()["state"] == "running"
