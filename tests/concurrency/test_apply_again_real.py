"""Applied again by two people at once: stored once, with real commits."""

import threading
import time

import pytest
from psycopg2 import errors
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED
from support.commits import add, database, env_of, store

from odoo import SUPERUSER_ID
from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.models.flaky_handler import (
    FlakySnapshotHandler,
    ShakyApartSnapshotHandler,
)

QUIET = ("odoo.sql_db", "odoo.service.model", "odoo.addons.event_sourcing.models")


@pytest.fixture
def bug(monkeypatch):
    """Set what is wrong with the flaky handler."""
    return lambda name: monkeypatch.setattr(FlakySnapshotHandler, "bug", name)


def failing(cr, key, model_name="shaky", count=1, **options):
    calls = [
        {
            "model_name": model_name,
            "aggregate_id": key,
            "event_type": "Seen",
            "payload": {"n": number},
            **options,
        }
        for number in range(count)
    ]
    with mute_logger("odoo.addons.event_sourcing.models.event_store_failure"):
        store(cr).append_batch(calls)
    cr.commit()


def rows(cursor, key):
    """Return (event type, version, outcome) of what is committed about an aggregate."""
    cr = cursor()
    cr.execute(
        "SELECT event_type, version, outcome FROM event_store WHERE aggregate_id = %s ORDER BY id",
        [key],
    )
    found = cr.fetchall()
    cr.close()
    return found


def press(cr, key):
    """Press the button on the failed events of one aggregate, as a request does."""
    env = env_of(cr)
    domain = [("aggregate_id", "=", key), ("event_type", "=", "SystemErrorOccurred")]

    def request():
        failures = env["event.store"].search(domain, order="id")
        return [failure.action_apply_again()["params"]["message"] for failure in failures]

    with mute_logger(*QUIET):
        return retrying(request, env)


def test_a_double_click_is_stored_once(cursor, key, bug):
    first, second = cursor(), cursor()
    bug("first")
    failing(first, key)
    second.execute("SELECT 1")  # its snapshot is taken now
    bug("")
    assert press(first, key) == ["Applied: 1; rejected by a rule now: 0; failed again: 0."]
    first.commit()
    # It does not see the first one's event, gets a conflict, and is run again by Odoo.
    assert press(second, key) == ["There was nothing left to retry."]
    second.commit()
    assert [row for row in rows(cursor, key) if row[0] == "Seen"] == [
        ("Seen", 1, "failed"),
        ("Seen", 2, "applied"),
    ]


def test_the_second_of_two_gets_a_conflict_and_not_an_event(cursor, key, bug):
    first, second = cursor(), cursor()
    bug("first")
    failing(first, key)
    second.execute("SELECT 1")
    bug("")
    press(first, key)
    first.commit()
    failed = store(second).search([("aggregate_id", "=", key), ("outcome", "=", "failed")])
    with pytest.raises(errors.SerializationFailure), mute_logger("odoo.sql_db"):
        failed.action_apply_again()
    second.rollback()


def test_many_people_at_once(cursor, key, bug):
    bug("first")
    failing(cursor(), key, count=5)
    bug("")
    answers, problems = [], []

    def click():
        cr = Registry(database()).cursor()
        try:
            answers.extend(press(cr, key))
            cr.commit()
        except Exception as error:
            problems.append(error)
        finally:
            cr.close()

    threads = [threading.Thread(target=click) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert problems == []
    assert sum(answer.startswith("Applied: 1;") for answer in answers) == 5
    events = [row for row in rows(cursor, key) if row[0] == "Seen"]
    assert [version for _type, version, _outcome in events] == list(range(1, 11))
    assert [outcome for _t, _v, outcome in events] == ["failed"] * 5 + ["applied"] * 5


def test_an_attempt_that_survived_its_rollback_is_applied_again(cursor, key, bug):
    cr = cursor()
    bug("first")
    with pytest.raises(UserError, match="technical error"):
        failing(cr, key, "shakyapart", timestamp="2026-02-01 00:00:00")
    cr.rollback()
    assert rows(cursor, key) == [("SystemErrorOccurred", 1, "logged")]
    bug("")
    assert press(cr, key) == ["Applied: 1; rejected by a rule now: 0; failed again: 0."]
    cr.commit()
    assert rows(cursor, key)[1:] == [("Seen", 1, "applied")]
    failure, event = store(cr).search([("aggregate_id", "=", key)], order="id")
    assert event.causation_id == failure.causation_id
    assert event.retry_of_id == failure
    assert str(event.timestamp) == "2026-02-01 00:00:00"
    assert not failure.can_apply_again


def repeat_meanwhile(cursor, key, manager, sender):
    """Let a sender repeat, over RPC, what a manager applies again; return both answers.

    :param manager: does its work in a transaction that is committed once the sender waits
    :param sender: called with a cursor that sees what others commit meanwhile
    """
    first, answers = cursor(), []
    answers.append(manager(first))

    def send():
        cr = Registry(database()).cursor()
        cr.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
        try:
            answers.append(sender(cr))
            cr.commit()
        except Exception as error:
            answers.append(error)
        finally:
            cr.close()

    thread = threading.Thread(target=send)
    thread.start()
    wait_for_lock(cursor())
    first.commit()
    thread.join(60)
    assert not thread.is_alive()
    return answers


def wait_for_lock(cr):
    """Return once a transaction of this database waits for another one."""
    for _turn in range(200):
        cr.execute(
            "SELECT 1 FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
        if cr.rowcount:
            return
        cr.rollback()
        time.sleep(0.05)
    raise AssertionError("nobody waited")


@pytest.mark.parametrize("others", [0, 3])
def test_a_repeat_during_a_retry_is_stored_once(cursor, key, bug, others):
    """The sender asked before the retry was committed, and waits for the stream with it."""
    call = {
        "model_name": "shakyapart",
        "aggregate_id": key,
        "event_type": "Seen",
        "payload": {"n": 0},
        "event_uuid": key,
    }
    bug("first")
    cr = cursor()
    with pytest.raises(UserError, match="technical error"), mute_logger(*QUIET):
        store(cr).append(**call)
    cr.rollback()
    bug("")
    more = [{**call, "payload": {"n": n + 1}, "event_uuid": f"{key}-{n}"} for n in range(others)]

    def retry(cr):
        return store(cr).search([("aggregate_id", "=", key)]).action_apply_again()

    def repeat(cr):
        return store(cr).append_batch([*more, call])

    _action, answer = repeat_meanwhile(cursor, key, retry, repeat)
    assert not isinstance(answer, Exception), answer
    assert [one["duplicate"] for one in answer] == [False] * others + [True]
    seen = [row for row in rows(cursor, key) if row[0] == "Seen"]
    assert [version for _type, version, _outcome in seen] == list(range(1, others + 2))
    state = store(cursor()).state_at("shakyapart", key)["state"]
    assert state["seen"] == list(range(others + 1))


def test_a_retry_that_is_taken_back_leaves_the_repeat_alone(cursor, key, bug):
    call = ("shakyapart", key, "Seen", {"n": 0})
    bug("first")
    cr = cursor()
    with pytest.raises(UserError, match="technical error"), mute_logger(*QUIET):
        store(cr).append(*call, event_uuid=key)
    cr.rollback()
    bug("")

    def retry(cr):
        with cr.savepoint() as savepoint:
            store(cr).search([("aggregate_id", "=", key)]).action_apply_again()
            savepoint.rollback()
        add(cr, key)  # it still holds what it took, of another stream
        store(cr).append("shakyapart", key, "Seen", {"n": 7})

    def repeat(cr):
        return store(cr).append(*call, event_uuid=key)

    _nothing, answer = repeat_meanwhile(cursor, key, retry, repeat)
    assert not isinstance(answer, Exception), answer
    assert (answer["duplicate"], answer["outcome"]) == (False, "applied")
    assert store(cursor()).state_at("shakyapart", key)["state"]["seen"] == [7, 0]


def test_the_same_attempt_is_noted_once_under_every_name_of_its_type(
    cursor,
    key,
    bug,
    monkeypatch,
):
    bug("first")
    cr = cursor()
    for event_type in ("Seen", "Noticed", "Seen"):
        with pytest.raises(UserError, match="technical error"), mute_logger(*QUIET):
            store(cr).append("shakyapart", key, event_type, {"n": 0}, event_uuid=key)
        cr.rollback()
        assert [row[0] for row in rows(cursor, key)] == ["SystemErrorOccurred"]
        monkeypatch.setattr(
            ShakyApartSnapshotHandler, "_event_aliases", {"Seen": "Noticed"}, raising=False
        )
        cr = cursor()
    with pytest.raises(UserError, match="technical error"), mute_logger(*QUIET):
        store(cr).append("shakyapart", key, "Noticed", {"n": 1}, event_uuid=key)
    cr.rollback()
    assert len(rows(cursor, key)) == 2


def test_two_scheduled_actions_give_one_activity(cursor, key, bug):
    first, second = cursor(), cursor()
    summary = f"Alert {key}"

    def alert(cr):
        env = env_of(cr)
        with mute_logger("odoo.addons.event_sourcing_job.models.event_alert", "odoo.sql_db"):
            env["event.alert"]._raise_alert(key, "res.users", SUPERUSER_ID, summary)

    second.execute("SELECT 1")
    alert(first)
    first.commit()
    with pytest.raises(errors.SerializationFailure):
        alert(second)
    second.rollback()
    alert(second)
    second.commit()
    env = env_of(cursor())
    activities = env["mail.activity"].search([("summary", "=", summary)])
    assert activities
    assert len(activities) == len(activities.user_id)
