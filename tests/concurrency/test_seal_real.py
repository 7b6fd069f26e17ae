"""Seals over events that are really committed, and what tampering with them comes to."""

import itertools
import json
import shutil
import subprocess

import psycopg2
import pytest
from support.seals import append, newest, run_tool, seal, tampered, told_by_tool

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing_base.sql_functions import ensure_function
from odoo.addons.event_sourcing_seal.event_hash import seal_digest


@pytest.fixture
def env(apart_env):
    return apart_env


def test_all_that_is_committed_is_sealed_and_right(env, sealed):
    last = newest(env)
    assert (last.state, last.to_id >= sealed[-1]) == ("sealed", True)
    found = env()["event.seal"].verify()
    assert found["ok"], found
    assert found["events"] >= 3
    seals = env()["event.seal"].search([], order="id")
    for before, after in itertools.pairwise(seals):
        assert (after.previous_digest, after.from_id) == (before.digest, before.to_id + 1)


def test_sealing_again_without_new_events_makes_no_seal(env, sealed):
    before = newest(env).id
    seal(env)
    assert newest(env).id == before


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("UPDATE event_store SET payload = '{\"amount\": 9}' WHERE id = %s", "changed"),
        ("UPDATE event_store SET timestamp = '2001-01-01' WHERE id = %s", "changed"),
        ("UPDATE event_store SET timestamp = timestamp + '0.4 s' WHERE id = %s", "changed"),
        ("UPDATE event_store SET create_uid = 2 WHERE id = %s", "changed"),
        ("UPDATE event_store SET create_date = '2001-01-01' WHERE id = %s", "changed"),
        ("UPDATE event_store SET outcome = 'logged', content_hash = NULL WHERE id = %s", "changed"),
        ("UPDATE event_store SET content_hash = repeat('0', 64) WHERE id = %s", "changed"),
        ("DELETE FROM event_store WHERE id = %s", "removed"),
    ],
)
def test_a_changed_or_removed_row_is_named(env, sealed, statement, problem):
    found = tampered(env, (statement, sealed[1]))
    assert (found["ok"], found["problem"], found["event_id"]) == (False, problem, sealed[1])
    assert str(sealed[1]) in found["message"]


def test_a_row_inserted_afterwards_is_named(env, key, sealed):
    # An id that a rolled-back append left free, before the last seal.
    own = env()
    own["event.store"].append("counter", key, "Added", {"amount": 1})
    own.cr.execute("SELECT last_value FROM event_store_id_seq")
    (free,) = own.cr.fetchone()
    own.cr.rollback()
    append(env, key)
    seal(env)
    columns = env()["event.store"]._fields
    names = [n for n, f in columns.items() if f.store and f.column_type and n != "id"]
    names.remove("event_uuid")
    names.remove("version")
    listed = ", ".join(names)
    found = tampered(
        env,
        (
            f"INSERT INTO event_store (id, event_uuid, version, {listed})"
            f" SELECT %s, 'forged', 99, {listed} FROM event_store WHERE id = %s",
            free,
            sealed[0],
        ),
    )
    assert (found["problem"], found["event_id"]) == ("inserted", free)


def test_a_changed_seal_is_found_and_a_removed_one_too(env, sealed):
    append(env, "seal-more")
    seal(env)
    last = newest(env)
    for statement in (
        "UPDATE event_seal SET digest = repeat('0', 64) WHERE id = %s",
        "UPDATE event_seal SET manifest = '' WHERE id = %s",
        "UPDATE event_seal SET from_id = from_id + 1 WHERE id = %s",
    ):
        assert tampered(env, (statement, last.id))["problem"] == "seal"
    before = env()["event.seal"].search([("id", "<", last.id)], limit=1)
    assert tampered(env, ("DELETE FROM event_seal WHERE id = %s", before.id))["problem"] == "seal"


FIRST = "id = (SELECT min(id) FROM event_seal)"
LAST = "id = (SELECT max(id) FROM event_seal)"
BEFORE_LAST = "id = (SELECT id FROM event_seal ORDER BY id DESC OFFSET 1 LIMIT 1)"
EMPTY = "digest = NULL, previous_digest = NULL, manifest = NULL, count = NULL, sealed_on = NULL"


@pytest.mark.parametrize(
    "statement",
    [
        f"UPDATE event_seal SET state = 'waiting', horizon = NULL WHERE {FIRST}",
        f"UPDATE event_seal SET state = 'waiting', horizon = NULL, {EMPTY} WHERE {FIRST}",
        f"UPDATE event_seal SET state = 'waiting', {EMPTY} WHERE {BEFORE_LAST}",
        f"UPDATE event_seal SET state = 'other' WHERE {BEFORE_LAST}",
        f"UPDATE event_seal SET state = 'waiting' WHERE {LAST}",
        f"UPDATE event_seal SET state = 'waiting', horizon = NULL, {EMPTY} WHERE {LAST}",
        f"UPDATE event_seal SET state = 'waiting', from_id = from_id + 1, {EMPTY} WHERE {LAST}",
        f"UPDATE event_seal SET state = 'waiting', to_id = from_id - 1, {EMPTY} WHERE {LAST}",
        f"DELETE FROM event_seal WHERE {FIRST}",
        f"DELETE FROM event_seal WHERE {BEFORE_LAST}",
        f"UPDATE event_seal SET to_id = to_id - 1 WHERE {BEFORE_LAST}",
        f"UPDATE event_seal SET count = count - 1 WHERE {BEFORE_LAST}",
        f"UPDATE event_seal SET sealed_on = NULL WHERE {BEFORE_LAST}",
    ],
)
def test_no_range_is_left_out_of_a_verification(env, sealed, statement, tmp_path):
    append(env, "seal-more")
    seal(env)
    found = tampered(env, (statement,))
    assert (found["ok"], found["problem"]) == (False, "seal"), found
    answer = told_by_tool(env, tmp_path, (statement,))
    assert (answer.returncode, "itself was changed" in answer.stdout) == (1, True), answer


@pytest.mark.parametrize("number", [-1, 0])
def test_a_seal_is_looked_at_whatever_its_number(env, sealed, number, tmp_path):
    statement = (f"UPDATE event_seal SET id = {number} WHERE {FIRST}",)
    found = tampered(env, statement)
    assert (found["ok"], found["problem"], found["seals"]) == (False, "seal", 0)
    assert "itself was changed" in told_by_tool(env, tmp_path, statement).stdout


def test_a_seal_that_was_opened_is_named_also_after_more_sealing(env, sealed):
    own = env()
    seals = own["event.seal"]
    opened = seals.search([("from_id", "<=", sealed[0]), ("to_id", ">=", sealed[0])])
    for table in ("event_store", "event_seal"):
        own.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
    own.cr.execute(
        "UPDATE event_seal SET state = 'waiting', horizon = NULL WHERE id = %s", [opened.id]
    )
    own.cr.execute("UPDATE event_store SET payload = '{}' WHERE id = %s", [sealed[0]])
    own.cr.execute("DELETE FROM event_store WHERE id = %s", [sealed[1]])
    own.invalidate_all(flush=False)
    for _run in range(2):
        own["event.store"].append("counter", "seal-again", "Added", {"amount": 1})
        own.flush_all()
        seals._note_range()
        while seals._seal_next():
            pass
    named = f"Seal {opened.id} itself was changed, or one before it."
    assert seals.verify()["message"] == named
    job = own["event.job"].browse(own["event.job"].start("verify")["id"])
    while job._write_chunk(job._read_chunk()):
        pass
    assert (job.problem_count, job.message) == (1, named)
    with pytest.raises(UserError, match=named):
        seals._check_range(sealed[0], sealed[1])
    own.cr.rollback()


def test_a_range_whose_seal_is_gone_does_not_leave_or_come_back(env, sealed):
    gone = newest(env)
    append(env, "seal-more")
    seal(env)
    own = env()
    own.cr.execute("ALTER TABLE event_seal DISABLE TRIGGER USER")
    own.cr.execute("DELETE FROM event_seal WHERE id = %s", [gone.id])
    with pytest.raises(UserError, match="itself was changed, or one before it"):
        own["event.seal"]._check_range(gone.from_id, gone.to_id)
    own.cr.execute("DELETE FROM event_seal WHERE id > %s", [gone.id])
    with pytest.raises(UserError, match="events that are not sealed"):
        own["event.partition"]._check_sealed("event_store_from_1", gone.to_id)
    own.cr.rollback()


def test_seals_that_wait_at_the_end_are_right(env, sealed):
    own = env()
    own["event.store"].append("counter", "seal-later", "Added", {"amount": 1})
    own["event.seal"]._note_range()
    assert newest(own).state == "waiting"
    found = own["event.seal"].verify()
    assert found["ok"], found
    assert found["seals"] == own["event.seal"].search_count([("state", "=", "sealed")])
    own.cr.rollback()


def test_without_switching_triggers_off_seals_cannot_be_changed(env, sealed):
    for statement in (
        "UPDATE event_seal SET digest = NULL",
        "DELETE FROM event_seal",
        "TRUNCATE event_seal",
    ):
        own = env()
        with pytest.raises(psycopg2.errors.RestrictViolation), mute_logger("odoo.sql_db"):
            own.cr.execute(statement)
        own.cr.rollback()


def test_an_append_that_ends_late_is_sealed_and_nobody_waits(env, key):
    append(env, key)
    slow = env()
    late = slow["event.store"].append("counter", f"{key}-slow", "Added", {"amount": 1})["id"]
    after = append(env, key)  # a higher id, committed before
    seal(env, patient=False)
    own = env()
    waiting = own["event.seal"].search([("state", "=", "waiting")])
    assert waiting
    assert waiting[-1].from_id <= late < after <= waiting[0].to_id
    own.cr.rollback()
    own = env()
    own.cr.execute("SET LOCAL lock_timeout = '1s'")
    own["event.store"].append("counter", key, "Added", {"amount": 1})
    own.cr.commit()
    slow.cr.commit()
    seal(env)
    assert newest(env).state == "sealed"
    found = env()["event.seal"].verify()
    assert found["ok"], found
    gone = tampered(env, ("DELETE FROM event_store WHERE id = %s", late))
    assert (gone["problem"], gone["event_id"]) == ("removed", late)


def test_a_refused_attempt_on_its_own_connection_is_sealed(env, key):
    own = env()
    try:
        own["event.store"].append("witness", key, "E", {"bad": True})
    except Exception:
        own.cr.rollback()
    seal(env)
    failure = env()["event.store"].search([("aggregate_id", "=", key)])
    assert failure.event_type == "InvalidOperationAttempted"
    gone = tampered(env, ("DELETE FROM event_store WHERE id = %s", failure.id))
    assert (gone["problem"], gone["event_id"]) == ("removed", failure.id)


def test_advisory_locks_of_others_hold_up_nothing(env, key):
    """Any user of the database can take them, and keep them."""
    stranger = env()
    stranger.cr.execute(
        "SELECT pg_advisory_xact_lock(hashtext(name))"
        " FROM unnest(ARRAY['event.seal', 'event_sourcing']) AS name"
    )
    event_id = append(env, key)
    seal(env)
    last = newest(env)
    assert (last.state, last.to_id >= event_id) == ("sealed", True)
    own = env()
    own.cr.execute("SET LOCAL lock_timeout = '1s'")
    ensure_function(own.cr, "test_answer", "a int", "int", "RETURN a;")
    own.cr.rollback()


def test_one_seals_at_a_time_and_others_say_so(env, key, caplog):
    append(env, key)
    one, other = env()["event.seal"], env()["event.seal"]
    assert one._try_lock()
    with caplog.at_level("WARNING", logger="odoo.addons.event_sourcing_seal.models.event_seal"):
        other._note_range()
        assert not other._seal_next()
    assert "Nothing is sealed this time" in caplog.text
    other.env.cr.execute("SELECT 1")  # the transaction goes on
    one.env.cr.rollback()
    assert other._try_lock()


def test_sealing_that_is_held_up_is_told_once_it_is_late(env, key, monkeypatch):
    told = []
    alert = type(env()["event.alert"])
    monkeypatch.setattr(alert, "_raise_alert", lambda self, *args: told.append(args))
    monkeypatch.setattr(alert, "_clear_alert", lambda self, alert_key: told.append(alert_key))
    slow = env()
    slow["event.store"].append("counter", f"{key}-slow", "Added", {"amount": 1})
    append(env, key)
    seal(env, patient=False)
    assert told == []  # it waits, and not for long
    own = env()
    waiting = own["event.seal"].search([("state", "=", "waiting")], order="id", limit=1)
    own.cr.execute(
        "UPDATE event_seal SET create_date = create_date - interval '2 hours' WHERE id = %s",
        [waiting.id],
    )
    own.cr.commit()
    seal(env, patient=False)
    ((alert_key, model, seal_id, text),) = told  # no id of a seal: managers of all are told
    assert (alert_key, model, seal_id) == ("sealing", "event.overview", 1)
    assert "to be sealed" in text(env())
    slow.cr.rollback()
    seal(env)
    assert told[-1] == "sealing"
    assert not isinstance(told[-2], str), "cleared once"
    told.clear()
    seal(env)
    assert told == []


def test_in_a_restored_database_waiting_seals_get_a_new_horizon(env, key):
    append(env, key)
    own = env()
    own["event.seal"]._note_range()
    own.cr.execute("UPDATE event_seal SET horizon = '99999999999' WHERE state = 'waiting'")
    assert own.cr.rowcount
    own.cr.commit()
    seal(env)
    assert newest(env).state == "sealed"


def test_a_number_of_a_transaction_that_comes_again_opens_no_row(env, key):
    event_id = append(env, key)
    for _attempt in range(5):
        own = env()
        own.cr.execute("SELECT pg_current_xact_id()::text::bigint + 30")
        (coming,) = own.cr.fetchone()
        own.cr.execute("ALTER TABLE event_store DISABLE TRIGGER USER")
        own.cr.execute(
            "UPDATE event_store SET tx = %s::text::xid8 WHERE id = %s", [str(coming), event_id]
        )
        own.cr.execute("ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_append_only")
        own.cr.execute("ALTER TABLE event_store ENABLE ALWAYS TRIGGER event_store_no_truncate")
        own.cr.commit()
        own = env()
        number = 0
        while number < coming:
            own.cr.execute("SELECT pg_current_xact_id()::text::bigint")
            (number,) = own.cr.fetchone()
            if number < coming:
                own.cr.commit()
        if number == coming:
            break
        own.cr.rollback()
    assert number == coming
    with pytest.raises(psycopg2.errors.RestrictViolation), mute_logger("odoo.sql_db"):
        own.cr.execute("UPDATE event_store SET error_message = 'x' WHERE id = %s", [event_id])


def test_verify_as_a_job_names_what_is_wrong(env, sealed):
    own = env()
    job = own["event.job"].browse(own["event.job"].start("verify")["id"])
    own.cr.execute("ALTER TABLE event_store DISABLE TRIGGER USER")
    own.cr.execute("UPDATE event_store SET payload = '{}' WHERE id = %s", [sealed[2]])
    while job._write_chunk(job._read_chunk()):
        pass
    assert (job.state, job.problem_count) == ("done", 1)
    assert f"Event {sealed[2]} was changed" in job.message
    own.cr.rollback()
    own = env()
    job = own["event.job"].browse(own["event.job"].start("verify")["id"])
    while job._write_chunk(job._read_chunk()):
        pass
    assert (job.problem_count, job.message, job.done) == (0, False, job.total)
    own.cr.rollback()


def test_a_backup_is_checked_without_odoo(apart, env, sealed, tmp_path):
    document = newest(env)._digest_document()
    digest = tmp_path / "digest.json"
    digest.write_text(json.dumps(document))
    dump = tmp_path / "backup.sql"
    pg_dump = shutil.which("pg_dump")
    assert pg_dump, "pg_dump belongs to PostgreSQL's programs"
    append(env, "seal-later")  # not sealed yet, and no problem
    with dump.open("wb") as out:
        subprocess.run(
            [pg_dump, "--format=plain", "-t", "event_store", "-t", "event_seal", apart.name],
            stdout=out,
            check=True,
        )
    good = run_tool(dump, digest)
    assert (good.returncode, good.stdout[:3]) == (0, "OK:"), good
    text = dump.read_text(encoding="utf-8")
    lines = text.splitlines(keepends=True)
    head = next(n for n, line in enumerate(lines) if line.startswith("COPY public.event_store "))
    end = lines.index("\\.\n", head)
    columns = lines[head][lines[head].index("(") + 1 : lines[head].index(")")].split(", ")
    (place,) = (
        n
        for n in range(head + 1, end)
        if lines[n].split("\t")[columns.index("id")] == str(sealed[1])
    )

    def check(changed, *arguments):
        other = tmp_path / "other.sql"
        other.write_text("".join(changed), encoding="utf-8")
        return run_tool(other, *arguments)

    removed = check(lines[:place] + lines[place + 1 :])
    assert (removed.returncode, removed.stdout) == (
        1,
        f"NOT as it was sealed: Event {sealed[1]} was removed.\n",
    )
    altered = lines[place].replace('"amount": 2', '"amount": 3')
    assert altered != lines[place]
    changed = check([*lines[:place], altered, *lines[place + 1 :]])
    assert f"Event {sealed[1]} was changed" in changed.stdout
    cells = lines[place].split("\t")
    cells[columns.index('"timestamp"')] += ".4"
    later = check([*lines[:place], "\t".join(cells), *lines[place + 1 :]])
    assert f"Event {sealed[1]} was changed" in later.stdout
    row = dict(zip(columns, lines[place].rstrip("\n").split("\t"), strict=True))
    forged = "\t".join({**row, "id": "0"}.values()) + "\n"
    inserted = check([*lines[:place], forged, *lines[place:]])
    assert "Event 0 was inserted afterwards" in inserted.stdout
    beyond = "\t".join({**row, "id": "2000000000"}.values()) + "\n"
    inserted = check([*lines[: place + 1], beyond, *lines[place + 1 :]])
    assert "Event 2000000000 was inserted: its id was never given out" in inserted.stdout
    sequence = next(n for n, line in enumerate(lines) if "event_store_id_seq', " in line)
    early = lines[sequence].replace(lines[sequence].split(", ")[1], "1")
    inserted = check([*lines[:sequence], early, *lines[sequence + 1 :]])
    assert "was inserted: its events have no ids yet" in inserted.stdout
    for other in ({"digest": "0" * 64}, {"sealed_on": "2001-01-01 00:00:00"}):
        digest.write_text(json.dumps({**document, **other}))
        assert "is not the one whose digest was kept" in check(lines, digest).stdout
    assert run_tool(tmp_path / "nowhere.sql").returncode == 2
    assert "make it with: pg_dump" in check(["SELECT 1;\n"]).stderr


def test_an_id_that_was_never_given_out_is_named(env, sealed):
    columns = env()["event.store"]._fields
    names = [n for n, f in columns.items() if f.store and f.column_type and n != "id"]
    listed = ", ".join(sorted({*names} - {"event_uuid", "version"}))
    beyond = sealed[-1] + 1_000_000
    forge = (
        f"INSERT INTO event_store (id, event_uuid, version, {listed})"
        f" SELECT %s, 'forged', 99, {listed} FROM event_store WHERE id = %s"
    )
    found = tampered(env, (forge, beyond, sealed[0]))
    assert (found["problem"], found["event_id"]) == ("inserted", beyond)


@pytest.mark.parametrize("state", ["waiting", "sealed"])
def test_a_seal_over_ids_that_were_never_given_out_is_named(env, sealed, state):
    own = env()
    last = newest(env)
    own.cr.execute("SELECT last_value FROM event_store_id_seq")
    (given,) = own.cr.fetchone()
    own.cr.rollback()
    first, until = last.to_id + 1, given + 500
    if state == "waiting":
        rest = ("NULL", "NULL", "NULL", "'1'", "NULL", "NULL")
    else:
        digest = seal_digest(last.digest, first, until, b"")
        rest = (f"'{digest}'", f"'{last.digest}'", "0", "'1'", "now()", "''::bytea")
    found = tampered(
        env,
        (
            "INSERT INTO event_seal (from_id, to_id, state, digest, previous_digest, count,"
            f" horizon, sealed_on, manifest) VALUES (%s, %s, %s, {', '.join(rest)})",
            first,
            until,
            state,
        ),
    )
    assert found["problem"] == "seal"
