"""A closed period is taken out of the store, proven without Odoo, and brought back."""

import base64
import gzip
import json
import subprocess
import sys
import uuid
from pathlib import Path

import psycopg2
import pytest

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing_archive.archive_file import digest_of as sha256
from odoo.addons.event_sourcing_archive.models import event_archive_detach
from odoo.addons.event_sourcing_base.from_code import FromCode
from odoo.addons.event_sourcing_transfer.tests.exported import file_of
from odoo.addons.event_sourcing_transfer.transfer_command import export_file
from odoo.addons.test_event_sourcing.common import make_user

TOOL = Path(__file__).parents[2] / "tools" / "check_seals.py"
ARCHIVED_STATES = "Older events of .* are in an archive .*bring the archive back"


@pytest.fixture
def key():
    return f"old-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def period(store, key):
    """A closed partition: ``-gone`` lies in it, ``-half`` goes on, ``-new`` begins later."""
    name = store.next_partition()
    old = {"timestamp": "2020-01-01 00:00:00"}
    store.append(f"{key}-gone", 1, 2, 3, **old)
    store.append(f"{key}-half", 10, 20, -99, event_uuid=None, **old)
    store.append(f"{key}-half", 30, event_uuid=f"{key}-uuid", **old)
    store.next_partition()
    store.append(f"{key}-half", 40)
    store.append(f"{key}-new", 5)
    store.seal()
    store.close()
    return name


@pytest.fixture
def archived(store, period, tmp_path):
    answer = store.partitions.archive(period, tmp_path)
    store.close()
    return {**answer, "name": period}


def check_seals(*arguments):
    return subprocess.run(
        [sys.executable, "-I", str(TOOL), *map(str, arguments)], capture_output=True, text=True
    )


def digest_of(store, seal, folder):
    """Write the digest as a seal's Export does."""
    path = folder / f"event-seal-{seal}.json"
    seals = store.env()["event.seal"]
    path.write_text(json.dumps(seals.browse(seal)._digest_document()))
    return path


def dump(store, folder):
    path = folder / "backup.sql"
    tables = ("event_store*", "event_seal", "event_archive")
    options = [option for table in tables for option in ("-t", table)]
    with path.open("wb") as out:
        subprocess.run(["pg_dump", *options, store.name], stdout=out, check=True)
    return path


def bring_back(store, archived):
    """Let other tests find the store whole."""
    store.close()
    store.partitions.attach(archived["name"], archived["file"])
    store.close()


def test_out_and_back_nothing_is_lost(store, key, period, tmp_path):
    rows = "SELECT md5(string_agg(md5(event::text), '' ORDER BY id)) FROM event_store AS event"
    before = store.fetch(rows)
    state = store.env()["event.store"].state_at("counter", f"{key}-half")
    seals = store.env()["event.seal"].verify()
    store.close()
    archived = {**store.partitions.archive(period, tmp_path), "name": period}
    assert store.fetch(rows) != before
    left = store.fetch("SELECT count(*) FROM event_store WHERE aggregate_id = %s", f"{key}-gone")
    assert left == [(0,)]
    # The detached table is dropped by whoever has checked the file.
    own = store.env()
    own.cr.execute(f"DROP TABLE {period}")
    own.cr.commit()
    with pytest.raises(UserError, match="name its file"):
        store.partitions.attach(period)
    altered = tmp_path / "altered.sql.gz"
    text = gzip.decompress(Path(archived["file"]).read_bytes())
    altered.write_bytes(gzip.compress(text.replace(b'"amount": 10', b'"amount": 11')))
    with pytest.raises(UserError, match="not the file that was written"):
        store.partitions.attach(period, altered)
    # Also where the record of the file was changed with it, the seals know.
    forged = store.env()
    archives = forged["event.archive"].with_context(event_archive=FromCode(True))
    archive = archives.search([("name", "=", period)])
    archive.write({"file_sha256": sha256(altered)})
    forged.cr.commit()
    with pytest.raises(UserError, match=r"Event \d+ was changed"):
        store.partitions.attach(period, altered)
    archive.write({"file_sha256": archived["sha256"]})
    forged.cr.commit()
    store.close()
    store.partitions.attach(period, archived["file"])
    assert store.fetch(rows) == before
    assert store.env()["event.store"].state_at("counter", f"{key}-half") == state
    found = store.env()["event.seal"].verify()
    assert found == seals
    store.close()
    own = store.env()
    with pytest.raises(psycopg2.errors.RestrictViolation), mute_logger("odoo.sql_db"):
        own.cr.execute(f"TRUNCATE {period}")


def test_history_stays_verifiable(store, key, archived, tmp_path):
    found = store.env()["event.seal"].verify()
    assert found["ok"], found
    assert f"{archived['events']} more are in archives" in found["message"]
    assert Path(archived["file"]).name in found["message"]
    job = store.run("verify")
    assert (job.state, job.problem_count) == ("done", 0)
    assert "are in archives" in job.message
    # The file alone, with the digest that was kept.
    digest = digest_of(store, archived["seal"], tmp_path)
    good = check_seals(archived["file"], digest)
    assert (good.returncode, good.stdout) == (
        0,
        f"OK: {archived['events']} sealed events are what they were.\n",
    )
    newest = digest_of(store, store.env()["event.seal"].search([], limit=1).id, tmp_path)
    backup = dump(store, tmp_path)
    rest = check_seals(backup, newest)
    assert (rest.returncode, "Not looked at" in rest.stdout) == (0, True), rest
    both = check_seals(backup, newest, "--archive", archived["file"])
    assert (both.returncode, "Not looked at" in both.stdout) == (0, False), both
    counts = [int(answer.stdout.split()[1]) for answer in (rest, both)]
    assert counts[1] - counts[0] == archived["events"]
    # A file that was changed, shortened or filled up.
    text = gzip.decompress(Path(archived["file"]).read_bytes()).decode()
    lines = text.splitlines(keepends=True)
    places = [n for n, line in enumerate(lines) if f"{key}-gone" in line]
    first = lines[places[0]]
    for changed, sentence in (
        (text.replace(first, first.replace('"amount": 1', '"amount": 7')), "was changed"),
        (text.replace(first, ""), "was removed"),
        (text.replace(first, first + "1" + first), "was inserted"),
    ):
        assert changed != text
        other = tmp_path / "other.sql"
        other.write_text(changed, encoding="utf-8")
        assert sentence in check_seals(other).stdout
        assert sentence in check_seals(backup, "--archive", other).stdout
    bring_back(store, archived)


def test_what_is_put_into_an_archived_range_is_found(store, archived):
    own = store.env()
    part = own["event.archive"].search([("state", "=", "archived")])
    own.cr.execute(
        "INSERT INTO event_store (id, model_name, aggregate_id, event_type, payload, version,"
        " timestamp, outcome, schema_version, company_id, event_uuid) SELECT %s, model_name,"
        " 'forged', event_type, payload, version, timestamp, outcome, 1, company_id, 'forged'"
        " FROM event_store LIMIT 1",
        [part.from_id],
    )
    found = own["event.seal"].verify()
    assert (found["problem"], found["event_id"]) == ("inserted", part.from_id)
    own.cr.rollback()
    bring_back(store, archived)


def test_appends_go_on_and_replays_say_what_they_lack(store, key, archived):
    half, gone = f"{key}-half", f"{key}-gone"
    answer = store.append(half, 1)[0]
    assert (answer["version"], answer["outcome"]) == (6, "applied")
    assert store.snapshot(half)[0][2] == 10 + 20 + 30 + 40 + 1
    assert store.append(gone, 4)[0]["version"] == 4
    assert store.snapshot(gone)[0][2] == 10
    events = store.env()["event.store"]
    for question in (
        {},
        {"version": 5},
        {"version": 1},
        {"timestamp": "2020-01-01 00:00:00"},
        {"timestamp": "2099-01-01 00:00:00"},
    ):
        with pytest.raises(UserError, match=ARCHIVED_STATES):
            events.state_at("counter", half, **question)
    # Before the first event there was nothing, and that is known.
    assert events.state_at("counter", half, timestamp="2019-12-31 00:00:00")["version"] == 0
    assert events.state_at("counter", half, version=0)["version"] == 0
    assert events.state_at("counter", f"{key}-new")["version"] == 1
    listed = {row["aggregate_id"]: row for row in events.states_at("counter", limit=1000)}
    assert "in an archive" in listed[half]["message"]
    assert (listed[half]["state_json"], listed[f"{key}-new"]["message"]) == ("{}", "")
    jobs = store.env()["event.job"]
    with pytest.raises(UserError, match=ARCHIVED_STATES):
        jobs._ask("as_of", "counter", fields.Datetime.now())
    assert jobs._ask("as_of", "counter", fields.Datetime.to_datetime("2019-12-31 00:00:00"))
    # The timeline shows what is there, and no change that it cannot know.
    snapshot = store.env()["counter.snapshot"].search([("aggregate_id", "=", half)])
    page = store.env()["event.timeline"].page("counter.snapshot", snapshot.id)
    assert [entry["version"] for entry in page["entries"]] == [6, 5]
    assert {str(entry["changes"]) for entry in page["entries"]} == {"[]"}
    store.close()
    bring_back(store, archived)
    assert store.env()["event.store"].state_at("counter", half)["version"] == 6


def test_a_stream_is_read_whole_or_not_at_all(store, key, archived):
    half, gone, new = f"{key}-half", f"{key}-gone", f"{key}-new"
    events = store.env()["event.store"]

    def versions(stream, after=0, limit=1000):
        return [event["version"] for event in events.read_stream("counter", stream, after, limit)]

    for stream, after in ((gone, 0), (gone, 2), (half, 0), (half, 3)):
        with pytest.raises(UserError, match=ARCHIVED_STATES):
            versions(stream, after)
        with pytest.raises(UserError, match=ARCHIVED_STATES):
            versions(stream, after, 1)
    # What is not in the archive is read as ever.
    assert versions(half, 4) == [5]
    assert versions(half, 4, 1) == [5]
    assert versions(half, 5) == versions(gone, 3) == versions(f"{key}-never") == []
    assert versions(new) == [1]
    # A page that ends before the archive begins lacks nothing.
    middle = f"{key}-middle"
    store.append(middle, 1, 2)
    store.close()
    name = store.next_partition()
    store.append(middle, 3, 4)
    store.next_partition()
    store.append(middle, 5)
    store.seal()
    store.close()
    store.partitions.archive(name, Path(archived["file"]).parent)
    store.close()
    events = store.env()["event.store"]
    assert versions(middle, 0, 2) == [1, 2]
    assert versions(middle, 4) == [5]
    for after, limit in ((0, 3), (0, 4), (1, 1000), (2, 1)):
        with pytest.raises(UserError, match=ARCHIVED_STATES):
            versions(middle, after, limit)
    # Whoever may not read a stream is not told of its archive.
    company = events.env["res.company"].create({"name": "Theirs"})
    stranger = make_user(events.env, key, "user", company=company)
    events = events.with_user(stranger).with_context(allowed_company_ids=company.ids)
    assert versions(gone) == []
    store.close()
    store.partitions.attach(name)
    bring_back(store, archived)
    events = store.env()["event.store"]
    assert (versions(gone), versions(half)) == ([1, 2, 3], [1, 2, 3, 4, 5])


NOT_COMPLETE = "are in an archive .* would not be complete"


def test_no_export_leaves_an_archived_period_out(store, key, archived, tmp_path):
    path = tmp_path / "events.jsonl"
    env = store.env()
    today = fields.Date.today()
    for options in (
        {},
        {"date_to": "2020-01-01", "period": "happened"},
        {"date_from": "2020-01-01", "period": "happened"},
        {"date_from": today},
        {"model_names": ["ticket"]},
    ):
        with pytest.raises(UserError, match=NOT_COMPLETE):
            export_file(env, path, **options)
        assert not list(tmp_path.glob("events*"))
    # A period that the archive holds nothing of is exported.
    yesterday = fields.Date.subtract(today, days=1)
    assert export_file(env, path, date_to=yesterday) == 0
    assert export_file(env, path, date_to="2019-12-31", period="happened") == 0
    assert export_file(env, path, date_from="2020-01-02", period="happened") >= 2
    # One that was written before archives said so reaches up to when it was written.
    own = store.env()
    own.cr.execute("UPDATE event_archive SET first_recorded_on = NULL, last_recorded_on = NULL")
    for options in ({"date_to": yesterday}, {"date_from": today}):
        with pytest.raises(UserError, match=NOT_COMPLETE):
            _whole(own, **options)
    _whole(own, date_from=fields.Date.add(today, days=1))
    store.close()
    bring_back(store, archived)
    assert export_file(store.env(), path) >= 9


def _whole(env, date_from=None, date_to=None):
    options = {"period": "recorded", "date_from": date_from, "date_to": date_to, "tz": "UTC"}
    options |= {name: str(day) for name, day in options.items() if day}
    env["event.export.content"]._check_whole(options)


def test_a_period_that_leaves_while_it_is_exported(store, key, period, tmp_path):
    def asked():
        own = store.env()
        job, _under_way = own(user=2, su=False)["event.job"]._request_export()
        own.cr.commit()
        return job.sudo()

    def lines(job):
        own = store.env()
        return file_of(own.cr, job.id).decode().splitlines()

    job = asked()
    job._work(60)
    whole = lines(job)
    job = asked()
    store.close()
    archived = {**store.partitions.archive(period, tmp_path), "name": period}
    job = store.env()["event.job"].browse(job.id)
    with mute_logger("odoo.addons.event_sourcing_job.models.event_job_run"):
        job._work(60)
    job = store.env()["event.job"].browse(job.id)
    assert (job.state, "would not be complete" in job.message) == ("failed", True)
    with pytest.raises(UserError, match=NOT_COMPLETE):
        asked()
    # What was exported before it left is in the file.
    (archive,) = store.env()["event.archive"].search([("state", "=", "archived")])
    content = store.env()["event.export.content"]
    options = {"period": "recorded", "date_from": None, "date_to": None, "tz": "UTC"}
    content._check_whole(options, archive.to_id)
    content._check_whole(options, 0, archive.from_id - 1)
    store.close()
    bring_back(store, archived)
    job = asked()
    job._work(60)
    assert lines(job)[1:-1] == whole[1:-1]


@pytest.mark.parametrize("kind", ["rebuild", "check"])
def test_no_job_touches_a_snapshot_that_it_cannot_fold(store, key, archived, kind):
    before = {stream: store.snapshot(f"{key}-{stream}") for stream in ("gone", "half", "new")}
    assert before["half"][0][2] == 100
    job = store.run(kind)
    # Other tests leave types that nobody folds.
    found = job.difference_ids.filtered(lambda difference: difference.kind != "no_handler")
    assert (job.state, len(found), job.archived_count) == ("done", 0, 2)
    assert "in an archive: 2." in job.message
    assert {stream: store.snapshot(f"{key}-{stream}") for stream in before} == before
    # One that is lost is not begun anew: neither by a job nor by an append.
    own = store.env()
    own.cr.execute("DELETE FROM counter_snapshot WHERE aggregate_id = %s", [f"{key}-half"])
    own.cr.commit()
    store.run(kind)
    with mute_logger("odoo.addons.event_sourcing.models.event_store_failure"):
        answer = store.append(f"{key}-half", 1)[0]
    assert (answer["version"], answer["outcome"]) == (6, "failed")
    assert "HistoryFoldError" in answer["message"]
    assert store.snapshot(f"{key}-half") == []
    bring_back(store, archived)
    own = store.env()
    own["event.store"].search([("aggregate_id", "=", f"{key}-half"), ("version", "=", 6)])[
        -1:
    ].action_apply_again()
    own.cr.commit()
    store.run("rebuild")
    assert store.snapshot(f"{key}-half")[0][2] == 101


def test_a_checkpoint_beyond_the_archive_is_enough(store, key, tmp_path):
    name = store.next_partition()
    store.append(key, *[1] * 100)
    store.append(key, *[1] * 5)  # in the next partition
    store.seal()
    store.close()
    archived = {**store.partitions.archive(name, tmp_path), "name": name}
    events = store.env()["event.store"]
    for version in (100, 101, 105):
        found = json.loads(events.state_at("counter", key, version=version)["state_json"])
        assert found["total"] == version
    for version in (99, 1):
        with pytest.raises(UserError, match=ARCHIVED_STATES):
            events.state_at("counter", key, version=version)
    # None is taken meanwhile: it would have to know when the archived events happened.
    store.append(key, *[1] * 95)
    taken = "SELECT version FROM event_checkpoint WHERE aggregate_id = %s ORDER BY 1"
    assert store.fetch(taken, key) == [(100,)]
    assert store.snapshot(key)[0][2] == 200
    bring_back(store, archived)
    assert store.run("rebuild").state == "done"
    assert store.fetch(taken, key) == [(100,), (200,)]


def test_an_archived_uuid_is_not_recorded_again(store, key, archived):
    for stream in (f"{key}-half", f"{key}-other"):
        with pytest.raises(UserError, match=f"UUID {key}-uuid was recorded before and is in"):
            store.append(stream, 30, event_uuid=f"{key}-uuid", timestamp="2020-01-01 00:00:00")
    store.close()
    bring_back(store, archived)
    again = store.append(f"{key}-half", 30, event_uuid=f"{key}-uuid")[0]
    assert (again["duplicate"], again["version"]) == (True, 4)


def check_only(store, *rows, user=2):
    """Check rows of a file, and store nothing; return the job."""
    own = store.env()(user=user, su=False, context={})
    content = "".join(json.dumps(row) + "\n" for row in rows).encode()
    job, _going_on = own["event.job"]._request_import(base64.b64encode(content), "rows", True)
    own.cr.commit()
    job.sudo()._work(600)
    return store.env()["event.job"].browse(job.id)


def test_a_check_refuses_what_an_import_would(store, key, archived):
    counter = {"model_name": "counter", "event_type": "Added", "timestamp": "2020-01-01"}
    rows = [
        {**counter, "aggregate_id": f"{key}-x{number}", "payload": {"amount": number}, **more}
        for number, more in enumerate(({}, {"event_uuid": f"{key}-uuid"}, {}))
    ]
    own = store.env()
    somebody = make_user(own, key, "manager")
    own.cr.commit()
    job = check_only(store, *rows, user=somebody.id)
    assert (job.storable_count, job.refused_count) == (2, 1)
    assert job.refusal_ids.line == 2
    assert "is in" in job.refusal_ids.reason
    # Who works for several companies, and the first of the list is another one than theirs.
    own = store.env()
    other = own["res.company"].create({"name": f"Aardvark {key}", "sequence": -9})
    own["res.users"].browse(somebody.id).company_ids |= other
    own.cr.commit()
    job = check_only(store, *rows, user=somebody.id)
    assert (job.refusal_ids.line, job.storable_count) == (2, 2)
    bring_back(store, archived)


def test_only_what_is_sealed_and_unchanged_leaves(store, key, tmp_path):
    name = store.next_partition()
    event = store.append(key, 1)[0]["id"]
    store.seal()
    with pytest.raises(UserError, match="holds or may get events that are not sealed"):
        store.partitions.archive(name, tmp_path)
    store.next_partition()
    store.append(key, 2)
    store.seal()
    store.close()
    own = store.env()
    own.cr.execute(f"ALTER TABLE {name} DISABLE TRIGGER USER")
    own.cr.execute("UPDATE event_store SET payload = '{}' WHERE id = %s", [event])
    own.cr.commit()
    with pytest.raises(UserError, match=f"Event {event} was changed"):
        store.partitions.archive(name, tmp_path)
    assert not list(tmp_path.iterdir())
    own = store.env()
    own.cr.execute(
        'UPDATE event_store SET payload = \'{"amount": 1, "note": "傷\\t\\\\n"}\' WHERE id = %s',
        [event],
    )
    own["event.partition"]._protect(name)
    own.cr.commit()


def test_other_processes_hear_of_an_archive(store, period, tmp_path):
    def signals():
        own = store.env()
        return own.registry.get_sequences(own.cr)

    before = signals()
    store.close()
    store.partitions.archive(period, tmp_path)
    assert signals() != before
    store.close()
    store.partitions.attach(period)


def test_whoever_began_before_is_waited_for(store, key, period, tmp_path, monkeypatch):
    """A transaction that does not know of the archive must not fold what is left."""
    monkeypatch.setattr(event_archive_detach, "WAIT_SECONDS", 0.3)
    slow = store.env()
    slow["event.stream"].search_count([])  # sees the database as it is now
    with pytest.raises(UserError, match="still in the store: other work began before"):
        store.partitions.archive(period, tmp_path)
    assert slow["event.store"].state_at("counter", f"{key}-half")["version"] == 5
    slow.cr.rollback()
    with pytest.raises(UserError, match="detach it now"):
        store.partitions.archive(period, tmp_path)
    store.close()
    store.partitions.detach(period)
    with pytest.raises(UserError, match=ARCHIVED_STATES):
        store.env()["event.store"].state_at("counter", f"{key}-half")
    store.close()
    store.partitions.attach(period)  # its table is still there
    assert store.env()["event.store"].state_at("counter", f"{key}-half")["version"] == 5
    assert store.env()["event.seal"].verify()["ok"]
