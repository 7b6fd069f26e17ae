"""Projections with real commits: switches under load, rebuilds beside, nothing lost or twice."""

import os
import threading
import time
import uuid

import psycopg2
import pytest
from support.forked import Forked, until

from odoo.tools import mute_logger

from odoo.addons.event_sourcing_feed.models.event_subscription_run import RETRIES

BUILD = "odoo.addons.event_sourcing_feed.models.event_projection_build"
PROJECTION = "till.balance.projection"


def name():
    return f"T{uuid.uuid4().hex[:12]}"


def pay(env, till, count=1):
    call = {
        "model_name": "till",
        "aggregate_id": till,
        "event_type": "Paid",
        "payload": {"amount": 1},
    }
    return env["event.store"].append_batch([call] * count)


@pytest.fixture
def known_recorder(env):
    """Let the user have recorded before: the first event of somebody waits for others of theirs."""
    own = env()
    pay(own, name())
    own.cr.commit()


@pytest.fixture
def run(env):
    """Give a function that does what a worker does until nothing is left; begin now, following."""
    own = env()
    own["event.subscription"]._let_follow(PROJECTION, held=True, state="running", error_count=0)
    for sub in own["event.subscription"].search([]):
        sub._move(own["event.store"]._feed_now())
        sub.write({"state": "running", "error_count": 0, "next_try": False})
    own.cr.commit()

    def work(times=50):
        own = env()
        for _time in range(times):
            if not own["event.subscription"]._run_due():
                break
        own.cr.rollback()

    yield work
    own["event.subscription"]._let_follow(PROJECTION, held=True, state="running")


def let(env, live):
    own = env()
    own["event.subscription"]._let_follow(PROJECTION, held=not live)
    own.cr.close()


def is_live(env):
    own = env()
    live = PROJECTION in own["event.projection.mode"]._live([PROJECTION])
    own.cr.close()
    return live


def balance(env, till):
    own = env()
    row = own["till.balance"].search([("till", "=", till)])
    found = row.amount, row.versions
    own.cr.close()
    return found


pytestmark = pytest.mark.usefixtures("known_recorder")


def test_it_follows_until_it_has_caught_up_and_is_live_then(env, run):
    till, writer = name(), env()
    pay(writer, till, 25)
    writer.cr.commit()
    let(env, live=True)
    assert not is_live(env)
    run()
    assert is_live(env)
    assert balance(env, till) == (25, ",".join(map(str, range(1, 26))))
    pay(writer, till)
    assert writer["till.balance"].search([("till", "=", till)]).amount == 26
    writer.cr.commit()
    run()
    assert balance(env, till)[0] == 26


def test_a_registry_loads_while_there_are_switches(env, run):
    loading = env()
    loading.cr.execute("SELECT 1 FROM event_store LIMIT 1")
    let(env, live=True)
    run()
    loading["event.subscription"]._sync()
    loading.cr.commit()


def test_an_append_that_fails_leaves_no_row(env, run):
    let(env, live=True)
    run()
    till, writer = name(), env()
    pay(writer, till)
    writer.cr.rollback()
    assert balance(env, till) == (0, False)


def test_a_transaction_from_before_the_switch_is_tried_again(env, run):
    till, early = name(), env()
    early.cr.execute("SELECT 1 FROM event_store LIMIT 1")  # its snapshot is of now
    let(env, live=True)
    run()
    with pytest.raises(psycopg2.errors.SerializationFailure):
        pay(early, till)
    early.cr.rollback()
    pay(early, till)
    early.cr.commit()
    let(env, live=False)
    run()
    assert balance(env, till) == (1, "1")


def test_the_switch_waits_for_appends_under_way(env, run):
    till, writer = name(), env()
    pay(writer, till, 2)  # it has seen that the projection follows
    let_go = threading.Thread(target=lambda: (let(env, live=True), run()))
    let_go.start()
    time.sleep(0.5)
    assert not is_live(env)
    writer.cr.commit()
    let_go.join()
    run()
    assert is_live(env)
    assert balance(env, till) == (2, "1,2")


def test_switches_under_load_lose_nothing_and_take_nothing_twice(env, run):
    tills, counts, ending = [name() for _number in range(5)], {}, threading.Event()
    conflicts, switches = [], 0

    def write(till):
        own, counts[till] = env(), 0
        while not ending.is_set():
            try:
                pay(own, till, 2)
                own.cr.commit()
                counts[till] += 2
                time.sleep(0.01)
            except psycopg2.OperationalError as error:
                own.cr.rollback()
                conflicts.append(error)

    def work():
        own = env()
        while not ending.is_set():
            own["event.subscription"]._run_due()
            own.cr.rollback()
            time.sleep(0.02)

    threads = [threading.Thread(target=write, args=[till]) for till in tills]
    threads += [threading.Thread(target=work) for _number in range(2)]
    for thread in threads:
        thread.start()
    try:
        for _round in range(4):
            let(env, live=True)
            deadline = time.monotonic() + 10
            while not is_live(env) and time.monotonic() < deadline:
                time.sleep(0.05)
            switches += is_live(env)
            time.sleep(0.3)
            let(env, live=False)
            time.sleep(0.3)
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    run()
    assert switches == 4
    for till in tills:
        assert counts[till] > 20
        versions = ",".join(map(str, range(1, counts[till] + 1)))
        assert balance(env, till) == (counts[till], versions)


# ----------------------------------------------------------------------
# Made anew beside the one in use
# ----------------------------------------------------------------------


@pytest.fixture
def rebuilt(env, run, monkeypatch):
    """Discard what earlier tests built; give a function that builds a version until it is ready."""
    discard(env)
    model, opened = type(env()[PROJECTION]), []

    def build(version=None):
        own = env()
        opened.append(own.cr)
        if version:
            monkeypatch.setattr(model, "_projection_version", version)
        else:
            subscription(own).action_rebuild()
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            own.cr.rollback()
            own["event.subscription"]._run_due()
            found = builds(own)
            if found and found[0].state == "ready":
                return found[0]
        raise AssertionError(found and (found[0].state, found[0].last_error))

    yield build
    for cr in opened:
        cr.rollback()
    discard(env)


def subscription(own):
    return own["event.subscription"].search([("consumer", "=", PROJECTION)])


def builds(own):
    return subscription(own).build_ids.filtered(lambda b: b.state != "discarded")


def discard(env):
    own = env()
    found = subscription(own).build_ids
    found._discard()
    found.unlink()
    subscription(own).version = 1
    own.cr.commit()


def test_another_version_is_built_beside_compared_switched_and_taken_back(env, run, rebuilt):
    till, writer = name(), env()
    pay(writer, till, 3)
    writer.cr.commit()
    run()
    build = rebuilt(version=2)
    assert (build.version, build.former_version, build.progress) == (2, 1, 100)
    assert balance(env, till) == (3, "1,2,3")

    different = [row for row in build._differences(10_000) if row["key"] == {"till": till}]
    assert [(row["kind"], row["old"]["amount"], row["new"]["amount"]) for row in different] == [
        ("different", 3, 6)
    ]
    wizard = build.env["event.projection.comparison"].browse(build.action_compare()["res_id"])
    assert wizard.gone_count == 0
    changed = wizard.line_ids.filtered(lambda line: line.kind == "different")
    assert wizard.different_count >= len(changed) >= 1
    assert "Amount: " in changed[0].before

    build.env.cr.rollback()
    build.action_switch()
    assert balance(env, till) == (6, "1,2,3")
    assert columns_of_sequence(env) == ("till_balance", "id")
    pay(writer, till)
    writer.cr.commit()
    run()
    assert balance(env, till) == (8, "1,2,3,4")
    fresh = builds(env())
    assert (fresh.state, fresh.subscription_id.version) == ("switched", 2)

    fresh.action_go_back()
    assert balance(env, till) == (3, "1,2,3")
    run()  # the code is of today; it begins no build of the version that was taken back
    assert balance(env, till) == (5, "1,2,3,4")
    fresh = builds(env())
    assert (fresh.state, fresh.subscription_id.version) == ("kept", 1)
    fresh.action_discard()
    pay(writer, name())
    writer.cr.commit()
    run()
    assert columns_of_sequence(env) == ("till_balance", "id")
    own = env()
    own.cr.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'event_projection_%'")
    assert own.cr.fetchall() == []


def columns_of_sequence(env):
    own = env()
    own.cr.execute(
        """
        SELECT rel.relname, attname FROM pg_depend JOIN pg_class AS rel ON rel.oid = refobjid
          JOIN pg_attribute ON attrelid = refobjid AND attnum = refobjsubid
         WHERE objid = 'till_balance_id_seq'::regclass AND deptype = 'a'
           AND rel.relnamespace = 'public'::regnamespace
        """
    )
    return own.cr.fetchone()


def test_the_tables_beside_are_like_those_in_use(env, run, rebuilt):
    build = rebuilt()
    own = env()

    def described(schema):
        own.cr.execute(
            """
            SELECT conname, replace(pg_get_constraintdef(con.oid), %s, ''),
                   obj_description(con.oid, 'pg_constraint')
              FROM pg_constraint AS con JOIN pg_class AS rel ON rel.oid = conrelid
             WHERE relname = 'till_balance' AND relnamespace = %s::regnamespace ORDER BY 1
            """,
            [f"{schema}.", schema],
        )
        constraints = own.cr.fetchall()
        own.cr.execute(
            "SELECT indexname FROM pg_indexes WHERE schemaname = %s"
            " AND tablename = 'till_balance' ORDER BY 1",
            [schema],
        )
        return constraints, own.cr.fetchall()

    assert described(build._schema()) == described("public")
    assert len(described("public")[0]) >= 5


def test_what_refers_to_the_table_is_named(env, run, rebuilt):
    own = env()
    own.cr.execute("CREATE TABLE till_other (balance_id int REFERENCES till_balance)")
    own.cr.execute("CREATE VIEW till_view AS SELECT amount FROM till_balance")
    own.cr.commit()
    try:
        with pytest.raises(Exception, match="till_other, till_view"):
            subscription(own).action_rebuild()
    finally:
        own.cr.rollback()
        own.cr.execute("DROP TABLE till_other; DROP VIEW till_view")
        own.cr.commit()


def test_a_live_one_is_switched_and_taken_back_under_load(env, run, rebuilt):
    let(env, live=True)
    run()
    assert is_live(env)
    tills, counts, ending = [name() for _number in range(4)], {}, threading.Event()

    def write(till):
        own, counts[till] = env(), 0
        while not ending.is_set():
            try:
                pay(own, till, 2)
                own.cr.commit()
                counts[till] += 2
                time.sleep(0.05)
            except psycopg2.OperationalError:
                own.cr.rollback()

    threads = [threading.Thread(target=write, args=[till]) for till in tills]
    for thread in threads:
        thread.start()
    try:
        time.sleep(0.5)
        rebuilt().action_switch()
        assert is_live(env)
        time.sleep(0.5)
        assert builds(env()).state == "switched"
        builds(env()).action_go_back()
        time.sleep(0.5)
        run(times=20)
    finally:
        ending.set()
        for thread in threads:
            thread.join()
    run()
    assert is_live(env)
    for till in tills:
        assert counts[till] > 20
        assert balance(env, till) == (
            counts[till],
            ",".join(map(str, range(1, counts[till] + 1))),
        )


def test_whoever_reads_and_then_appends_is_no_victim_of_a_switch(env, run, rebuilt):
    let(env, live=True)
    run()
    build, till, reader = rebuilt(), name(), env()
    assert reader["till.balance"].search([("till", "=", till)]).amount == 0
    switch = threading.Thread(target=build.action_switch)
    switch.start()
    time.sleep(0.3)  # it waits for the reader's table by now
    try:
        pay(reader, till, 2)
    except psycopg2.errors.SerializationFailure:
        reader.cr.rollback()
        pay(reader, till, 2)
    reader.cr.commit()
    switch.join()
    assert builds(env()).state == "switched"
    assert is_live(env)
    assert balance(env, till) == (2, "1,2")


# ----------------------------------------------------------------------
# Skipping
# ----------------------------------------------------------------------


def test_an_event_is_skipped_with_a_reason_that_is_kept(env, run):
    till, writer = name(), env()
    bad = {"model_name": "till", "aggregate_id": till, "event_type": "Paid"}
    pay(writer, till)
    writer["event.store"].append_batch([{**bad, "payload": {"amount": -1}}])
    pay(writer, till)
    writer.cr.commit()
    own = env()
    with pytest.raises(Exception, match="not known at which event"):
        subscription(own)._skip(0, "no")
    for _time in range(5):
        run()
        own.cr.rollback()
        own.invalidate_all()
        sub = subscription(own)
        sub.next_try = False
        own.cr.commit()
    assert balance(env, till) == (1, "1")
    event = sub.failed_event_id
    assert event.version == 2
    with pytest.raises(Exception, match="Say why"):
        sub._skip(event.id, "  ")
    with pytest.raises(Exception, match="does not fail at this event"):
        sub._skip(event.id + 1, "no such money")
    assert sub.action_skip_event()["context"]["default_event_id"] == event.id
    sub._skip(event.id, "no such money")
    own.cr.commit()
    run()
    assert balance(env, till) == (2, "1,3")
    skip = subscription(env()).skip_ids[0]
    assert (skip.event_id, skip.reason, skip.aggregate_id) == (event.id, "no such money", till)
    assert "no less than nothing" in skip.error


def test_a_build_that_takes_too_long_says_so(env, run, rebuilt, monkeypatch):
    """A statement without end is its error, and no reason to try it for ever."""
    writer = env()
    pay(writer, name(), 3)
    writer.cr.commit()
    run()
    projection = type(env()[PROJECTION])
    monkeypatch.setattr(projection, "_projection_version", 2)
    with monkeypatch.context() as patched, mute_logger("odoo.sql_db", BUILD):
        patched.setattr(projection, "_project", lambda self, _events: sleep(self.env.cr))
        patched.setattr(projection, "_time_limit", 0.2)
        scheduler = threading.Thread(target=run)  # where statements alone are interrupted
        scheduler.start()
        scheduler.join()
    build = builds(env())
    assert (build.state, build.error_count) == ("building", 1)
    assert "timeout" in build.last_error
    build.next_try = "2120-01-01 00:00:00"  # the clock was set back since
    build.env.cr.commit()
    until(lambda: run() or state(env) == "ready")


def state(env):
    own = env()
    found = builds(own).mapped("state")
    own.cr.rollback()
    return found and found[0]


def sleep(cr):
    cr.execute("SELECT pg_sleep(30)")


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_build_at_which_the_process_ends_again_and_again(env, run, rebuilt, monkeypatch):
    writer = env()
    poisoned = pay(writer, name(), 3)[1]["id"]
    writer.cr.commit()
    run()
    projection = type(env()[PROJECTION])
    project = projection._project

    def dies(self, events):
        if poisoned in [event.id for event in events]:
            os._exit(9)
        project(self, events)

    monkeypatch.setattr(projection, "_projection_version", 2)
    monkeypatch.setattr(projection, "_project", dies)
    deaths = 0
    while state(env) != "failed":
        deaths += Forked(run).wait() == 9
        assert deaths < 30
    build = builds(env())
    assert (build.state, build.failed_event_id.id) == ("failed", poisoned)
    assert "ended 4 times" in build.last_error


def test_a_build_that_stops_is_told_of(env, run, rebuilt, monkeypatch):
    writer = env()
    pay(writer, name(), 3)
    writer.cr.commit()
    run()
    own = env()
    told, alert = [], type(own["event.alert"])
    monkeypatch.setattr(alert, "_raise_alert", lambda _self, key, *_values: told.append(key))
    monkeypatch.setattr(alert, "_clear_alert", lambda _self, key: told.append(f"not {key}"))
    monkeypatch.setattr(type(own[PROJECTION]), "_projection_version", 2)
    monkeypatch.setattr(type(own[PROJECTION]), "_project", None)
    with mute_logger(BUILD):
        run()
        for _try in range(len(RETRIES)):
            build = builds(env())
            build.next_try = False
            build.env.cr.commit()
            run()
    build = builds(env())
    assert build.state == "failed"
    build.action_discard()
    key = f"build:{build.subscription_id.id}"
    assert told == [f"not {key}", key, f"not {key}"]
