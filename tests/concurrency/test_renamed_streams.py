"""Two writers meet on a stream that still bears the former name of its aggregate type.

These tests commit. Each uses aggregates of its own, so that they leave others alone.
"""

import threading
import time
import uuid

import pytest
from psycopg2 import errors
from psycopg2.extensions import ISOLATION_LEVEL_READ_COMMITTED
from support.commits import env_of

from odoo.tools import mute_logger

# It leaves streams that only its own handler can tell.
pytestmark = pytest.mark.fills


@pytest.fixture
def key(cursor):
    """An aggregate with one event, whose head and event bear the former name."""
    key = f"renamed-{uuid.uuid4()}"
    cr = cursor()
    cr.execute(
        """
        INSERT INTO event_store (model_name, aggregate_id, event_type, payload, version,
            timestamp, outcome, event_uuid, correlation_id, schema_version, company_id)
        SELECT 'parcel.old', %(key)s, 'Weighed', '{"grams": 1}', 1,
               date_trunc('second', now()), 'applied', %(key)s, 'c', 3, min(id) FROM res_company;
        INSERT INTO event_stream (model_name, aggregate_id, version, company_id)
        SELECT 'parcel.old', %(key)s, 1, min(id) FROM res_company;
        INSERT INTO event_snapshot (model_name, aggregate_id, version, state, company_id)
        SELECT 'parcel.old', %(key)s, 1, '{"grams": 1}', min(id) FROM res_company;
        """,
        {"key": key},
    )
    cr.commit()
    cr.close()
    return key


def add(cr, key):
    store = env_of(cr)["event.store"]
    return store.append("parcel", key, "Weighed", {"grams": 10})["version"]


def found(cursor, key):
    """Return versions, heads and snapshots as they are committed."""
    cr = cursor()
    cr.execute("SELECT version FROM event_store WHERE aggregate_id = %s ORDER BY 1", [key])
    versions = [version for (version,) in cr.fetchall()]
    cr.execute("SELECT model_name, version FROM event_stream WHERE aggregate_id = %s", [key])
    heads = cr.fetchall()
    cr.execute("SELECT model_name, state FROM event_snapshot WHERE aggregate_id = %s", [key])
    return versions, heads, cr.fetchall()


def test_the_second_writer_gets_a_conflict_that_odoo_retries(cursor, key):
    first, second = cursor(), cursor()
    second.execute("SELECT 1")  # its snapshot is taken now
    assert add(first, key) == 2
    first.commit()
    with pytest.raises(errors.SerializationFailure), mute_logger("odoo.sql_db"):
        add(second, key)
    second.rollback()
    assert add(second, key) == 3
    second.commit()
    assert found(cursor, key) == ([1, 2, 3], [("parcel", 3)], [("parcel", {"grams": 21})])


def test_a_writer_that_waits_in_line_goes_on_after_the_first(cursor, key):
    first, second = cursor(), cursor()
    second.connection.set_isolation_level(ISOLATION_LEVEL_READ_COMMITTED)
    assert add(first, key) == 2
    got = []

    def wait():
        got.append(add(second, key))
        second.commit()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.5)
    assert not got
    first.commit()
    thread.join(20)
    assert got == [3]
    assert found(cursor, key) == ([1, 2, 3], [("parcel", 3)], [("parcel", {"grams": 21})])
