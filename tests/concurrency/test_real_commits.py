"""What only real transactions show: rows committed, refused, retried, and left alone.

These tests commit. Each uses aggregates of its own, so that they leave others alone.
"""

import contextlib
import threading
import time

import psycopg2
import pytest
from psycopg2 import errors
from support.commits import add, database, env_of, store

from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.sql_db import connection_info_for
from odoo.tools import mute_logger

FAILURES = ("InvalidOperationAttempted", "SystemErrorOccurred")


def stored(cursor, key):
    """Return (event type, version, outcome) of what is committed about an aggregate."""
    cr = cursor()
    cr.execute(
        "SELECT event_type, version, outcome FROM event_store WHERE aggregate_id = %s ORDER BY id",
        [key],
    )
    rows = cr.fetchall()
    cr.close()
    return rows


def test_committed_events_are_refused_to_any_sql(cursor, key):
    cr = cursor()
    event_id = add(cr, key)["id"]
    # Odoo's own flush and a savepoint in the same transaction are no change of the past.
    with cr.savepoint():
        cr.execute("UPDATE event_store SET error_message = NULL WHERE id = %s", [event_id])
    cr.commit()
    _name, connection_info = connection_info_for(database())
    connection = psycopg2.connect(**connection_info)
    try:
        for query in (
            "UPDATE event_store SET payload = '{}' WHERE id = %s",
            "UPDATE event_store SET tx = pg_current_xact_id() WHERE id = %s",
            "DELETE FROM event_store WHERE id = %s",
            "TRUNCATE event_store CASCADE -- %s",
        ):
            with pytest.raises(errors.RestrictViolation), connection, connection.cursor() as sql:
                sql.execute(query, [event_id])
    finally:
        connection.close()
    assert stored(cursor, key) == [("Added", 1, "applied")]


def test_a_concurrent_writer_gets_a_serialization_failure_and_its_retry_succeeds(cursor, key):
    first, second = cursor(), cursor()
    second.execute("SELECT 1")  # its snapshot is taken now
    add(first, key)
    first.commit()
    tries = []

    def append():
        tries.append(1)
        return add(second, key)

    with pytest.raises(errors.SerializationFailure), mute_logger("odoo.sql_db"):
        append()
    second.rollback()
    second.execute("SELECT 1")
    add(first, key)
    first.commit()
    with mute_logger("odoo.sql_db"):
        answer = retrying(append, env_of(second))
    assert (answer["version"], answer["outcome"]) == (3, "applied")
    assert len(tries) == 3
    assert [version for _type, version, _outcome in stored(cursor, key)] == [1, 2, 3]


def test_writers_of_different_aggregates_do_not_wait(cursor, key):
    first, second = cursor(), cursor()
    add(first, f"{key}-a")
    second.execute("SET LOCAL lock_timeout = '2s'")
    assert add(second, f"{key}-b")["outcome"] == "applied"
    second.commit()
    first.commit()


def test_batches_in_opposite_order_do_not_deadlock(cursor, key):
    problems = []

    def write(names):
        for _round in range(10):
            cr = Registry(database()).cursor()
            try:
                env = env_of(cr)
                calls = [
                    {
                        "model_name": "counter",
                        "aggregate_id": f"{key}-{name}",
                        "event_type": "Added",
                        "payload": {"amount": 1},
                    }
                    for name in names
                ]
                env["event.store"].append_batch(calls)
                cr.commit()
            except errors.SerializationFailure:
                cr.rollback()
            except Exception as error:
                problems.append(error)
            finally:
                cr.close()

    names = [str(number) for number in range(20)]
    threads = [
        threading.Thread(target=write, args=(order,)) for order in (names, list(reversed(names)))
    ]
    with mute_logger("odoo.sql_db"):
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
    assert not any(thread.is_alive() for thread in threads)
    assert problems == []


def test_reject_leaves_nothing(cursor, key):
    cr = cursor()
    with pytest.raises(UserError, match="below zero"):
        add(cr, key, -1, policy="reject")
    cr.commit()
    assert stored(cursor, key) == []


@pytest.mark.parametrize("ends", ["rollback", "commit"])
def test_reject_and_record_survives_however_the_transaction_ends(cursor, key, ends):
    cr = cursor()
    add(cr, key, 2)
    cr.commit()
    with pytest.raises(UserError, match="below zero"):
        add(cr, key, -5, policy="reject_and_record")
    assert add(cr, key, 1)["version"] == 2
    getattr(cr, ends)()
    rows = stored(cursor, key)
    assert ("InvalidOperationAttempted", 2, "logged") in rows
    assert len(rows) == (3 if ends == "commit" else 2)
    check = cursor()
    failure = store(check).search([("aggregate_id", "=", key), ("event_type", "in", FAILURES)])
    assert failure.payload["failed_event"] == "Added"
    assert failure.payload["failed_payload"] == {"amount": -5}
    assert failure.error_message == "The total must not fall below zero."
    assert not failure.failed_event_id


def test_an_attempt_kept_apart_says_why_in_every_language(cursor, key):
    cr = cursor()
    backwards = {"planned_start": "2026-02-01", "planned_end": "2026-01-01"}
    with pytest.raises(UserError, match=r"The end is before the start\."):
        store(cr).append("rental", key, "RentalPlanned", backwards, policy="reject_and_record")
    cr.rollback()
    failure = store(cursor()).search([("aggregate_id", "=", key)])
    assert "The end is before the start." in failure.reason
    assert "終了日が開始日より前です。" in failure.with_context(lang="ja_JP").reason


@pytest.mark.parametrize("before", [0, 1])
def test_the_first_attempt_that_somebody_ever_makes_survives(cursor, key, before):
    """Also where the transaction that is refused has just noted who they are."""
    cr = cursor()
    newcomer = env_of(cr)["res.users"].create({"name": key, "login": key})
    cr.commit()
    began = time.monotonic()
    own = store(cr).with_user(newcomer).sudo()
    for _event in range(before):
        own.append("counter", key, "Added", {"amount": 1})
    with pytest.raises(UserError, match="below zero"):
        own.append("counter", key, "Added", {"amount": -5}, policy="reject_and_record")
    assert time.monotonic() - began < 2.5  # nobody waited for a lock of their own
    cr.rollback()
    assert stored(cursor, key) == [("InvalidOperationAttempted", before + 1, "logged")]


def test_an_attempt_that_failed_apart_may_be_sent_again_and_fail_again(cursor, key):
    options = {"event_uuid": key}
    cr = cursor()
    with mute_logger("odoo.addons.event_sourcing.models.event_store_failure"):
        with pytest.raises(UserError, match="technical error"):
            store(cr).append("counter", key, "Broken", policy="reject_and_record", **options)
        cr.rollback()
        assert store(cr).append("counter", key, "Broken", **options)["outcome"] == "failed"
    cr.commit()
    kinds = [row[0] for row in stored(cursor, key)]
    assert kinds == ["SystemErrorOccurred", "Broken", "SystemErrorOccurred"]


@pytest.mark.parametrize("event_type", ["Broken", "Sql"])
def test_a_technical_fault_survives_too(cursor, key, event_type):
    cr = cursor()
    with (
        mute_logger("odoo.sql_db", "odoo.addons.event_sourcing.models.event_store_failure"),
        pytest.raises(UserError, match="technical error"),
    ):
        store(cr).append("counter", key, event_type, policy="reject_and_record")
    cr.rollback()
    assert stored(cursor, key) == [("SystemErrorOccurred", 1, "logged")]


def test_odoos_retry_does_not_record_an_attempt_twice(cursor, key):
    cr = cursor()
    tries = []

    def attempt():
        tries.append(1)
        with contextlib.suppress(UserError):
            add(cr, key, -5, policy="reject_and_record")
        if len(tries) < 3:
            raise _conflict()
        return True

    with mute_logger("odoo.sql_db"):
        assert retrying(attempt, env_of(cr))
    assert len(tries) == 3
    assert [row[0] for row in stored(cursor, key)] == ["InvalidOperationAttempted"]


def test_a_second_attempt_is_recorded_as_one(cursor, key):
    cr = cursor()
    for _attempt in range(2):  # in one transaction
        with pytest.raises(UserError):
            add(cr, key, -5, policy="reject_and_record")
    cr.commit()
    with pytest.raises(UserError):  # in the next one
        add(cr, key, -5, policy="reject_and_record")
    cr.rollback()
    with pytest.raises(UserError):  # and on another cursor
        add(cursor(), key, -5, policy="reject_and_record")
    assert len(stored(cursor, key)) == 4


def test_a_clients_retry_by_uuid_does_not_record_an_attempt_twice(cursor, key):
    for _attempt in range(2):
        with pytest.raises(UserError):
            add(cursor(), key, -5, policy="reject_and_record", event_uuid=f"uuid-{key}")
    assert len(stored(cursor, key)) == 1


def _conflict():
    """Return a serialization failure as PostgreSQL would raise it."""
    return type("Conflict", (errors.SerializationFailure,), {"pgcode": "40001"})("played")
