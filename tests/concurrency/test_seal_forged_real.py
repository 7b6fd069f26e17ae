"""Seals that were inserted over real events, past all protection; with real commits."""

import pytest
from support.seals import append, newest, seal, tampered, told_by_tool

from odoo.addons.event_sourcing_seal.event_hash import ENTRY, row_digest, seal_digest


@pytest.fixture
def env(apart_env):
    return apart_env


def forged(env, state, change):
    """Return the statement that inserts a seal over events that are not sealed yet.

    It is what sealing would make of them, but for ``change(values)``; its digest is right.
    """
    own = env()
    last = newest(own)
    own.cr.execute("SELECT last_value, pg_current_xact_id()::text FROM event_store_id_seq")
    given, horizon = own.cr.fetchone()
    own.cr.execute("SELECT nextval('event_seal_id_seq')")
    values = {
        "id": own.cr.fetchone()[0],
        "from_id": last.to_id + 1,
        "to_id": given,
        "state": state,
        "horizon": horizon,
        "create_date": "2026-01-31 09:30:00",
    }
    if state == "sealed":
        draft = own["event.seal"].new({"from_id": last.to_id + 1, "to_id": given})
        entries = [ENTRY.pack(vals["id"], row_digest(vals)) for vals in draft._read_rows()]
        assert len(entries) > 1
        values["manifest"] = b"".join(entries)
        values["sealed_on"] = "2026-01-31 09:31:00"
        values["previous_digest"] = last.digest
    own.cr.rollback()
    change(values)
    if state == "sealed":
        values.setdefault("count", len(values["manifest"]) // ENTRY.size)
        head = (values["previous_digest"], values["from_id"], values["to_id"])
        values["digest"] = seal_digest(*head, values["manifest"])
    names = ", ".join(values)
    places = ", ".join(["%s"] * len(values))
    return (f"INSERT INTO event_seal ({names}) VALUES ({places})", *values.values())


def double(values):
    values["manifest"] += values["manifest"][-ENTRY.size :]


def other_way_round(values):
    chunks = [ENTRY.pack(*entry) for entry in ENTRY.iter_unpack(values["manifest"])]
    values["manifest"] = b"".join(chunks[::-1])


def longer(values):
    values["manifest"] += b"\0"


def ends_before_it_begins(values):
    values.update(to_id=values["from_id"] - 2, manifest=b"")


def beyond(values):
    name = values["to_id"] + 7
    values["manifest"] += ENTRY.pack(name, bytes(16))


HORIZONS = [None, "", "later", "\u0663\u0663", "9" * 25, "1"]
FORGERIES = [
    *(("sealed", lambda values, h=horizon: values.update(horizon=h)) for horizon in HORIZONS),
    *(("waiting", lambda values, h=horizon: values.update(horizon=h)) for horizon in HORIZONS),
    ("sealed", lambda values: values.update(create_date=None)),
    ("waiting", lambda values: values.update(create_date=None)),
    ("sealed", lambda values: values.update(id=values["id"] + 1_000_000)),
    ("waiting", lambda values: values.update(id=values["id"] + 1_000_000)),
    *(("sealed", way) for way in (double, other_way_round, longer, ends_before_it_begins, beyond)),
]


@pytest.mark.parametrize("state", ["sealed", "waiting"])
def test_what_sealing_itself_would_make_is_right(env, sealed, state, tmp_path):
    """The others differ from these in one thing each."""
    append(env, "seal-forged")
    append(env, "seal-forged")
    statement = forged(env, state, lambda values: None)
    found = tampered(env, statement)
    assert found["ok"], found
    assert told_by_tool(env, tmp_path, statement).returncode == 0


@pytest.mark.parametrize(("state", "change"), FORGERIES)
def test_a_seal_that_was_inserted_over_real_events_is_named(
    env,
    sealed,
    state,
    change,
    tmp_path,
):
    append(env, "seal-forged")
    append(env, "seal-forged")
    statement = forged(env, state, change)
    found = tampered(env, statement)
    assert (found["ok"], found["problem"]) == (False, "seal"), found
    if state == "waiting" and "1" in statement:
        return  # only the server knows which transactions are over
    answer = told_by_tool(env, tmp_path, statement)
    assert (answer.returncode, "itself was changed" in answer.stdout) == (1, True), answer


def test_a_waiting_seal_over_ids_without_end_is_named_by_the_program(env, sealed, tmp_path):
    append(env, "seal-forged")
    statement = forged(env, "waiting", lambda values: values.update(to_id=values["to_id"] + 500))
    assert tampered(env, statement)["problem"] == "seal"
    assert (
        "was inserted: its events have no ids yet" in told_by_tool(env, tmp_path, statement).stdout
    )


def test_rows_of_another_cluster_are_sealed_with_a_horizon_beyond_them(env, key):
    """After a restore numbers of transactions begin anew, and rows keep those that they had."""
    own = env()
    event_id = append(env, key)
    own.cr.execute("ALTER TABLE event_store DISABLE TRIGGER USER")
    own.cr.execute("UPDATE event_store SET tx = '99999999999' WHERE id = %s", [event_id])
    own.cr.execute("ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_append_only")
    own.cr.execute("ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_no_truncate")
    own.cr.commit()
    seal(env)
    assert newest(env).horizon == "100000000000"
    found = env()["event.seal"].verify()
    assert found["ok"], found


NOT_ONLY_ONCE = """
    DO $$
    DECLARE name regclass;
    BEGIN
        ALTER TABLE event_store DROP CONSTRAINT event_store_pkey CASCADE;
        FOR name IN SELECT indexrelid FROM pg_index
                     WHERE indrelid = 'event_store'::regclass AND indisunique LOOP
            EXECUTE 'DROP INDEX ' || name::text;
        END LOOP;
    END
    $$
"""


@pytest.mark.parametrize("which", [0, -1])
def test_a_row_that_is_there_twice_is_named(env, sealed, which, tmp_path):
    doubled = "INSERT INTO event_store SELECT * FROM event_store WHERE id = %s"
    statements = (NOT_ONLY_ONCE,), (doubled, sealed[which])
    found = tampered(env, *statements)
    assert (found["problem"], found["event_id"]) == ("inserted", sealed[which])
    answer = told_by_tool(env, tmp_path, *statements)
    assert f"Event {sealed[which]} was inserted a second time." in answer.stdout
