"""Jobs whose process dies again and again, and exports beside open transactions."""

import json

import pytest

from odoo import fields
from odoo.modules.registry import Registry
from odoo.tools import config

from odoo.addons.event_sourcing_job.models import event_job_run
from odoo.addons.event_sourcing_transfer.models import event_export_content
from odoo.addons.event_sourcing_transfer.tests.exported import file_of

CONFLICT = "DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = 'serialization_failure'; END $$"


def registry():
    name = config["db_name"]
    return Registry(name[0] if isinstance(name, list) else name)


@pytest.fixture
def started(env, key):
    """Start a rebuild of one aggregate; give its id."""
    own = env()
    own["event.job"].search([("state", "in", ("waiting", "running"))]).cancel()
    own["event.store"].append("counter", key, "Added", {"amount": 1})
    job_id = own["event.job"].start("rebuild", "counter", [key])["id"]
    own.cr.commit()
    return job_id


def fresh(env, job_id):
    own = env()
    own.cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
    return own["event.job"].browse(job_id)


class Killed(BaseException):
    """The process ends here: nothing after this runs."""


def die(env, monkeypatch, job_id):
    """Work on a job in a process that ends in its next chunk."""
    jobs = registry()["event.job"]

    def killed(*_args):
        raise Killed

    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr(jobs, "_read_chunk", killed)
        patched.setattr(jobs, "_release", lambda *_args: None)
        fresh(env, job_id)._work(5)


def test_a_job_that_dies_twice_in_the_same_place_is_set_aside(env, started, monkeypatch):
    told = []
    alert = registry()["event.alert"]
    monkeypatch.setattr(alert, "_raise_alert", lambda self, *args, **more: told.append(args[0]))
    die(env, monkeypatch, started)
    assert fresh(env, started).state == "waiting"
    die(env, monkeypatch, started)
    own = env()
    other = own["event.job"].start("check", "counter", ["nothing"])["id"]
    own.cr.commit()
    env()["event.job"]._run_waiting()
    after = fresh(env, started)
    assert (after.state, after.done) == ("failed", 0)
    assert "ended 2 times in the same place" in after.message
    assert told == [after._alert_key()]
    assert fresh(env, other).state == "done"


def test_a_job_that_died_once_goes_on(env, started, monkeypatch):
    die(env, monkeypatch, started)
    env()["event.job"]._run_waiting()
    assert fresh(env, started).state == "done"


def test_whoever_stops_in_peace_is_not_counted(env, started):
    for _time in range(5):
        with fresh(env, started)._try_lock() as alone:
            assert alone
    after = fresh(env, started)
    assert (after.deaths, after.worker) == (0, False)


def test_advisory_locks_of_others_hold_up_no_job(env, started):
    stranger = env()
    from zlib import crc32

    stranger.cr.execute("SELECT pg_advisory_xact_lock(%s, %s)", [crc32(b"event.job") >> 1, started])
    fresh(env, started)._work(5)
    assert fresh(env, started).state == "done"


def test_a_statement_that_takes_too_long_is_not_tried_for_ever(env, started, monkeypatch):
    def slow(self):
        self.env.cr.execute("SET LOCAL statement_timeout = 20; SELECT pg_sleep(2)")

    with monkeypatch.context() as patched:
        patched.setattr(registry()["event.job"], "_read_chunk", slow)
        for _time in range(2):
            fresh(env, started)._work(5)
    assert fresh(env, started).state == "failed"


def lines_of(env, job_id):
    own = env()
    return [json.loads(line) for line in file_of(own.cr, job_id).splitlines()]


def test_an_export_waits_for_who_may_have_recorded_in_its_period(env, key):
    slow = env()
    slow["event.store"].append("counter", f"{key}-late", "Added", {"amount": 1})
    asking = env()
    asking["event.store"].append("counter", f"{key}-soon", "Added", {"amount": 1})
    asking.cr.commit()
    job, _under_way = asking["event.job"]._request_export(["counter"])
    job_id = job.id
    asking.cr.commit()
    asking.cr.close()
    worker = env()
    assert worker["event.job"].browse(job_id)._work(5) is False
    worker.cr.close()
    waiting = fresh(env, job_id)
    assert (waiting.state in ("waiting", "running"), waiting.done) == (True, 0)
    assert "The export waits for work that began" in waiting.message
    waiting.env.cr.close()
    slow.cr.commit()
    slow.cr.close()
    fresh(env, job_id)._work(20)
    after = fresh(env, job_id)
    assert after.state == "done", after.message
    head, *events, end = lines_of(env, job_id)
    ids = [event["aggregate_id"] for event in events]
    assert ids.count(f"{key}-late") == ids.count(f"{key}-soon") == 1
    assert end["event_sourcing_end"] == len(events) == after.done
    # What is recorded after the moment that the file names is left to the next one.
    until = fields.Datetime.to_datetime(head["recorded_until"].rstrip("Z"))
    own = env()
    late = own["event.store"].search([("aggregate_id", "=", f"{key}-late")])
    assert late.create_date < until
    assert "It holds what was recorded before" in after.message


def test_who_has_written_nothing_holds_no_export_up_and_records_after_it(env, key):
    slow = env()
    slow.cr.execute("SELECT 1")  # a transaction that reads, such as a backup
    asking = env()
    job_id = asking["event.job"]._request_export(["counter"])[0].id
    asking.cr.commit()
    asking.cr.close()
    fresh(env, job_id)._work(20)
    done = fresh(env, job_id)
    assert done.state == "done", done.message
    done.env.cr.close()
    slow["event.store"].append("counter", f"{key}-after", "Added", {"amount": 1})
    slow.cr.commit()
    head, *events, _end = lines_of(env, job_id)
    until = fields.Datetime.to_datetime(head["recorded_until"].rstrip("Z"))
    late = slow["event.store"].search([("aggregate_id", "=", f"{key}-after")])
    assert late.create_date >= until
    assert f"{key}-after" not in {event["aggregate_id"] for event in events}


def test_a_job_that_always_meets_a_conflict_is_set_aside(env, started, monkeypatch):
    jobs, tried = registry()["event.job"], []
    told = []
    alert = registry()["event.alert"]
    monkeypatch.setattr(alert, "_raise_alert", lambda self, *args, **more: told.append(args[0]))

    def meet_another(self, *_args):
        tried.append(self.id)
        self.env.cr.execute(CONFLICT)

    monkeypatch.setattr(jobs, "_write_chunk", meet_another)
    for turn in range(1, 5):  # others have their turns between these
        assert fresh(env, started)._work(5) is False
        assert (fresh(env, started).state, len(tried)) == ("waiting", 2 * turn)
    fresh(env, started)._work(5)
    after = fresh(env, started)
    assert (after.state, len(tried)) == ("failed", event_job_run.MAX_CONFLICTS)
    assert "met a conflict 10 times" in after.message
    assert told


def test_a_conflict_now_and_then_is_no_harm(env, started, monkeypatch):
    jobs = registry()["event.job"]
    write, tried = jobs._write_chunk, []

    def meet_another(self, *args):
        tried.append(self.id)
        if len(tried) < 4:
            self.env.cr.execute(CONFLICT)
        return write(self, *args)

    monkeypatch.setattr(jobs, "_write_chunk", meet_another)
    fresh(env, started)._work(5)
    assert len(tried) == event_job_run.CONFLICTS_A_TURN
    fresh(env, started)._work(5)
    assert fresh(env, started).state == "done"


def test_a_chunk_of_an_export_is_bounded_by_its_bytes(env, key, monkeypatch):
    own = env()
    for number in range(6):
        own["event.store"].append("unfolded", f"{key}-{number}", "Big", {"text": "x" * 1000})
    own.cr.commit()
    content = env()["event.export.content"]
    mine = [("aggregate_id", "=like", f"{key}-%")]
    last = 2**31 - 1
    whole = content._next_ids(mine, 0, last, 100)
    assert len(whole) == 6
    monkeypatch.setattr(event_export_content, "MAX_BYTES", 2500)
    assert content._next_ids(mine, 0, last, 100) == whole[:2]
    assert content._next_ids(mine, whole[1], last, 100) == whole[2:4]
    monkeypatch.setattr(event_export_content, "MAX_BYTES", 10)  # one is always taken
    assert content._next_ids(mine, 0, last, 100) == whole[:1]
