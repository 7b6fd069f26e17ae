"""A partitioned event store promises what an ordinary one does, across its borders too."""

import os
import subprocess
import uuid
from concurrent.futures import ThreadPoolExecutor, TimeoutError

import psycopg2
import pytest
from support.partitioned import SIZE, PartitionedStore

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

ROWS = "SELECT md5(string_agg(md5(event::text), '' ORDER BY id)) FROM event_store AS event"
# With what says how old a row is: one that was copied is younger.
UNTOUCHED = ROWS.replace("event::text", "event::text || event.xmin::text")
# Everything that an update could make otherwise.
SCHEMA = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisvalid::text
      FROM pg_index WHERE indrelid::regclass::text ~ '^event_store(_from|_rest|_key|$)'
     UNION ALL
    SELECT tgrelid::regclass::text, pg_get_triggerdef(oid), tgenabled::text FROM pg_trigger
     WHERE tgrelid::regclass::text ~ '^event_store(_from|_rest|_key|$)' AND NOT tgisinternal
     UNION ALL
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
     WHERE contype = 'f' AND (conrelid::regclass::text ~ '^event_store(_from|_rest|$)'
                              OR confrelid = 'event_store'::regclass)
     UNION ALL
    SELECT relname, relkind::text, array_to_string(reloptions, ',') FROM pg_class
     WHERE relname ~ '^event_store(_from|_rest|_key|$)'
     ORDER BY 1, 2, 3
"""
# What Odoo says about handlers of the toy addon, which are wrong on purpose.
OF_TOYS = ("serve the aggregate twice", "counter.snapshot.handler: _evolve returns")


@pytest.fixture(scope="module")
def ordinary():
    """A store before it is partitioned, and what it was then."""
    store = PartitionedStore("growth")
    store.create()
    try:
        store.append("growth", 1, 2, -50, 3)
        store.seal()
        yield store
    finally:
        store.drop()


@pytest.fixture(scope="module")
def before(ordinary):
    ((rows,),) = ordinary.fetch(UNTOUCHED)
    ordinary.partitions.convert(SIZE)
    ordinary.close()
    return rows


@pytest.fixture
def store(ordinary, before):
    yield ordinary
    ordinary.close()


@pytest.fixture
def key():
    return f"growth-{uuid.uuid4().hex[:8]}"


def verified(store):
    found = store.env()["event.seal"].verify()
    assert found["ok"], found
    return found


def test_converting_and_updating_change_no_event(store, before):
    assert store.fetch(UNTOUCHED) == [(before,)]
    verified(store)
    parts = store.partitions.status()
    assert len(parts) >= 4
    where = store.fetch("SELECT DISTINCT tableoid::regclass::text FROM event_store")
    assert where == [("event_store_from_1",)]
    # The views of BI tools follow the store, not the table that became its first partition.
    store.next_partition()
    seen = store.append("growth", 1)[0]["id"]
    assert store.fetch("SELECT count(*) FROM event_bi.bi_event WHERE event_id = %s", seen) == [(1,)]
    schema = store.fetch(SCHEMA)
    store.close()
    command = [
        *(os.environ["ES_PYTHON"], os.environ["ES_LAUNCHER"], f"--database={store.name}"),
        *(f"--addons-path={os.environ['ES_ADDONS_PATH']}", f"--data-dir={os.environ['ES_DATA']}"),
        *("-u", "event_sourcing", "--stop-after-init", "--no-http", "--log-level=warn"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Python's own are about libraries that it compiles for the first time.
    lines = [line for line in done.stderr.splitlines() if " py.warnings: " not in line]
    lines = [line for line in lines if not any(mistake in line for mistake in OF_TOYS)]
    assert not [line for line in lines if " WARNING " in line or " ERROR " in line]
    assert store.fetch(SCHEMA) == schema
    with pytest.raises(UserError, match="partitioned already"):
        store.partitions.convert(SIZE)


def test_nothing_changes_in_any_partition(store, key):
    store.append(key, 1)
    store.close()
    tables = ["event_store", *(part["name"] for part in store.partitions.status())]
    statements = [f"TRUNCATE {table}" for table in (*tables, "event_store_key")]
    statements += ["DELETE FROM event_store_key", "UPDATE event_store_key SET event_id = 1"]
    for table in tables:
        if store.fetch(f"SELECT EXISTS (SELECT FROM {table})") == [(True,)]:
            statements += [f"DELETE FROM {table}", f"UPDATE {table} SET error_message = 'x'"]
    assert len(statements) > len(tables) + 6
    for statement in statements:
        own = store.env()
        with pytest.raises(psycopg2.errors.RestrictViolation), mute_logger("odoo.sql_db"):
            own.cr.execute(statement)
        own.cr.rollback()


def test_a_stream_and_its_uuids_go_on_across_a_border(store, key):
    first = store.append(key, 1, event_uuid=f"{key}-1")[0]
    store.next_partition()
    again = store.append(key, 1, event_uuid=f"{key}-1")[0]
    assert (again["id"], again["duplicate"]) == (first["id"], True)
    second = store.append(key, 2, event_uuid=f"{key}-2")[0]
    assert second["version"] == 2
    where = store.fetch(
        "SELECT count(DISTINCT tableoid) FROM event_store WHERE aggregate_id = %s", key
    )
    assert where == [(2,)]
    assert store.env()["event.store"].state_at("counter", key)["version"] == 2
    with pytest.raises(UserError, match="already used for a different event"):
        store.append(key, 9, event_uuid=f"{key}-1")
    # Past the event store's own look, PostgreSQL refuses.
    own = store.env()
    with pytest.raises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"):
        own.cr.execute(
            "INSERT INTO event_store (model_name, aggregate_id, event_type, payload, version,"
            " timestamp, outcome, schema_version, company_id, event_uuid)"
            " SELECT model_name, 'elsewhere', event_type, payload, version, timestamp,"
            " outcome, 1, company_id, %s FROM event_store WHERE id = %s",
            [f"{key}-1", second["id"]],
        )


def test_what_is_restored_is_a_retry_once_across_a_border(store, key):
    """A restore says which event one follows in a second statement."""
    store.append(key, -50)
    ((failure,),) = store.fetch(
        "SELECT id FROM event_store WHERE aggregate_id = %s AND failed_event_id IS NOT NULL", key
    )
    for amount in (1, 2):
        store.next_partition()
        own = store.env()
        (answer,) = own["event.store"].append_batch(
            [
                {
                    "model_name": "counter",
                    "aggregate_id": key,
                    "event_type": "Added",
                    "payload": {"amount": amount},
                }
            ]
        )
        own.flush_all()
        statement = "UPDATE event_store SET retry_of_id = %s WHERE id = %s"
        if amount == 1:
            own.cr.execute(statement, [failure, answer["id"]])
            own.cr.execute(statement, [failure, answer["id"]])  # the same again is no other
            own.cr.commit()
            first = answer["id"]
        else:
            with pytest.raises(psycopg2.errors.UniqueViolation), mute_logger("odoo.sql_db"):
                own.cr.execute(statement, [failure, answer["id"]])
            own.cr.rollback()
    own = store.env()
    wanted = ("retry_of_id", own.company.id, failure)
    assert own["event.store"]._stored_by_key([wanted]) == {wanted: [first]}


def test_two_appends_of_one_uuid_meet_across_a_border(store, key):
    """Neither sees the other: one is in a partition, the other in the next."""
    slow, quick = store.env(), store.env()
    for own in (slow, quick):  # both look at the database as it is now
        own["event.store"].search_count([("aggregate_id", "=", key)])
    call = {"model_name": "counter", "event_type": "Added", "payload": {"amount": 1}}
    call["event_uuid"] = f"{key}-same"
    slow["event.store"].append_batch([{**call, "aggregate_id": f"{key}-a"}])
    store.skip(SIZE)
    with ThreadPoolExecutor(1) as pool, mute_logger("odoo.sql_db"):
        waiting = pool.submit(
            quick["event.store"].append_batch, [{**call, "aggregate_id": f"{key}-b"}]
        )
        with pytest.raises(TimeoutError):
            waiting.result(0.5)
        slow.cr.commit()
        with pytest.raises(psycopg2.errors.UniqueViolation):
            waiting.result(10)
    quick.cr.rollback()
    assert store.fetch(
        "SELECT aggregate_id FROM event_store WHERE event_uuid = %s", f"{key}-same"
    ) == [(f"{key}-a",)]


def test_two_appends_to_one_stream_meet_across_a_border(store, key):
    store.append(key, 1)
    quick, slow = store.env(), store.env()
    slow["event.store"].search_count([])
    quick["event.store"].append("counter", key, "Added", {"amount": 1})
    store.skip(SIZE)
    quick.cr.commit()
    with pytest.raises(psycopg2.errors.SerializationFailure), mute_logger("odoo.sql_db"):
        slow["event.store"].append("counter", key, "Added", {"amount": 1})
    slow.cr.rollback()
    assert store.append(key, 1)[0]["version"] == 3


def test_eight_writers_over_many_borders(store, key):
    store.next_partition()
    before = store.last_id()

    def write(number):
        for round_ in range(12):
            for stream in range(4):
                call = {
                    "model_name": "counter",
                    "aggregate_id": f"{key}-{stream}",
                    "event_type": "Added",
                    "payload": {"amount": 1},
                    "event_uuid": f"{key}-{stream}-{round_}-{number // 2}",  # two send the same
                }
                while True:
                    own = store.env()
                    try:
                        own["event.store"].append_batch([call])
                        own.cr.commit()
                        break
                    except (psycopg2.errors.SerializationFailure, psycopg2.errors.UniqueViolation):
                        own.cr.rollback()
                    finally:
                        own.cr.close()

    with ThreadPoolExecutor(8) as pool, mute_logger("odoo.sql_db"):
        for done in [pool.submit(write, number) for number in range(8)]:
            done.result(120)
    assert store.last_id() > before + SIZE
    rows = store.fetch(
        "SELECT aggregate_id, array_agg(version ORDER BY version), count(DISTINCT event_uuid)"
        " FROM event_store WHERE aggregate_id LIKE %s GROUP BY 1",
        f"{key}-%",
    )
    assert [(versions, uuids) for _key, versions, uuids in rows] == [
        (list(range(1, 49)), 48) for _stream in range(4)
    ]
    store.seal()
    verified(store)
    checked = store.run("check")
    assert (checked.state, checked.drift_count) == ("done", 0)


def test_an_append_never_lacks_a_partition(store, key):
    top = max(part["last"] for part in store.partitions.status())
    store.skip(top + 10 - store.last_id())
    store.append(key, 1, 2, 3)
    store.seal()
    where = "SELECT DISTINCT tableoid::regclass::text FROM event_store WHERE aggregate_id = %s"
    assert store.fetch(where, key) == [("event_store_rest",)]  # the scheduler moves no rows
    ((rows,),) = store.fetch(ROWS)
    store.partitions.make_room()
    assert store.fetch(ROWS) == [(rows,)]
    assert store.fetch(where, key) == [(f"event_store_from_{top + 1}",)]
    assert store.fetch("SELECT to_regclass('event_store_being_copied')") == [(None,)]
    verified(store)
    store.close()
    test_nothing_changes_in_any_partition(store, key)
    # As long as the rest is empty, the scheduler makes room by itself.
    count = len(store.partitions.status())
    store.skip(SIZE)
    store.seal()
    assert len(store.partitions.status()) == count + 1


def test_a_partition_is_split_where_the_dba_says(store, key):
    name = store.next_partition()
    ids = [answer["id"] for answer in store.append(key, 1, 2, 3, 4)]
    store.seal()
    ((rows,),) = store.fetch(ROWS)
    store.close()
    store.partitions.split(name, ids[2])
    assert store.fetch(ROWS) == [(rows,)]
    assert store.fetch(
        "SELECT tableoid::regclass::text, count(*) FROM event_store"
        " WHERE aggregate_id = %s GROUP BY 1 ORDER BY min(id)",
        key,
    ) == [(name, 2), (f"event_store_from_{ids[2]}", 2)]
    verified(store)
    with pytest.raises(UserError, match=r"Split .* at an id after"):
        store.partitions.split(name, ids[0])


def test_commands_are_for_a_shell_alone(store):
    admin = store.env().ref("base.user_admin")
    for command in (
        lambda partitions: partitions.status(),
        lambda partitions: partitions.make_room(),
        lambda partitions: partitions.archive("event_store_from_1", "/tmp"),
    ):
        with pytest.raises(AccessError, match="Odoo shell"):
            command(store.env()["event.partition"].with_user(admin))
    own = store.env()
    own["event.store"].append("counter", "growth", "Added", {"amount": 1})
    with pytest.raises(UserError, match="Commit what you changed"):
        own["event.partition"].make_room()
