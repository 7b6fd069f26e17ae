"""Jobs that really commit: beside appends, under two workers, after a kill."""

import threading
import time
import uuid
import xmlrpc.client

import pytest
from support.partitioned import APART

from odoo.modules.registry import Registry
from odoo.service.model import retrying

from odoo.addons.event_sourcing_base.from_code import FromCode


def database():
    return APART


@pytest.fixture
def env(apart_env):
    return apart_env


@pytest.fixture
def keys():
    tag = uuid.uuid4().hex[:8]
    return [f"job-{tag}-{number:03}" for number in range(60)]


@pytest.fixture(autouse=True)
def small_chunks(apart, monkeypatch):
    monkeypatch.setattr(Registry(database())["event.store"], "_reader_chunk", 20)


def event(key, amount=1):
    return {
        "model_name": "counter",
        "aggregate_id": key,
        "event_type": "Added",
        "payload": {"amount": amount},
    }


def prepare(env, keys):
    """Commit two events per aggregate, spoil all snapshots, start a rebuild."""
    first = env()
    first["event.store"].append_batch([event(key) for key in keys] * 2)
    first.flush_all()
    first.cr.execute(
        "UPDATE counter_snapshot SET total = -5, state = '{}' WHERE aggregate_id = ANY(%s)", [keys]
    )
    job_id = first["event.job"].start("rebuild", "counter", keys)["id"]
    first.cr.commit()
    return job_id


def totals(env, keys):
    found = env()["counter.snapshot"].search_read(
        [("aggregate_id", "in", keys)], ["aggregate_id", "total", "version"]
    )
    return {row["aggregate_id"]: (row["total"], row["version"]) for row in found}


def job(env, job_id):
    return env()["event.job"].browse(job_id)


def test_it_goes_on_chunk_by_chunk_with_commits_of_its_own(env, keys):
    job_id = prepare(env, keys)
    job(env, job_id)._work_once()
    after = job(env, job_id)
    assert (after.state, after.done) == ("running", 10)
    assert sorted(totals(env, keys).values())[:50] == [(-5, 2)] * 50
    env()["event.job"]._run_waiting()  # another process, as the scheduler calls it
    after = job(env, job_id)
    assert (after.state, after.done, after.changed_count) == ("done", 60, 60)
    assert set(totals(env, keys).values()) == {(2, 2)}


def test_appends_during_a_rebuild_are_neither_lost_nor_refused(env, keys):
    job_id = prepare(env, keys)
    stop, counts, errors = threading.Event(), dict.fromkeys(keys, 0), []

    def append(part):
        while not stop.is_set():
            for key in part:
                own = env()
                try:
                    retrying(lambda key=key, own=own: own["event.store"].create([event(key)]), own)
                    own.cr.commit()
                    counts[key] += 1
                except Exception as error:
                    errors.append(error)
                    return
                finally:
                    own.cr.close()

    writers = [threading.Thread(target=append, args=(keys[n::2],)) for n in range(2)]
    for writer in writers:
        writer.start()
    for _round in range(3):
        job(env, job_id)._work(30)
        again = env()
        job_id = again["event.job"].start("rebuild", "counter", keys)["id"]
        again.cr.commit()
    stop.set()
    for writer in writers:
        writer.join()
    assert not errors
    assert sum(counts.values()) > 20
    job(env, job_id)._work(30)
    assert totals(env, keys) == {key: (2 + n, 2 + n) for key, n in counts.items()}
    last = env()
    check = last["event.job"].browse(last["event.job"].start("check", "counter", keys)["id"])
    last.cr.commit()
    check._work(30)
    assert (job(env, check.id).state, job(env, check.id).drift_count) == ("done", 0)


def test_an_append_that_takes_long_holds_up_its_own_stream_alone(env, keys):
    job_id = prepare(env, keys)
    slow = env()
    slow["event.store"].create([event(keys[0])])  # locks its head, and does not end yet
    worker = threading.Thread(target=job(env, job_id)._work_once)
    worker.start()
    deadline = time.monotonic() + 20
    while totals(env, keys[1:10]) != dict.fromkeys(keys[1:10], (2, 2)):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # The rest of the chunk is replaced and free again.
    other = env()
    other.cr.execute("SET LOCAL lock_timeout = '1s'")
    other["event.store"].create([event(keys[1])])
    other.cr.commit()
    assert job(env, job_id).position == 0
    slow.cr.rollback()
    worker.join(20)
    assert not worker.is_alive()
    assert (job(env, job_id).done, totals(env, keys)[keys[0]]) == (10, (2, 2))


def test_two_workers_never_do_the_same_job(env, keys):
    job_id = prepare(env, keys)
    with job(env, job_id)._try_lock() as alone:
        assert alone
        job(env, job_id)._work(5)
        assert job(env, job_id).done == 0
    job(env, job_id)._work(30)
    assert job(env, job_id).done == 60


@pytest.fixture
def divided(env, keys, monkeypatch):
    """Give a rebuild in shares, every snapshot of its aggregates spoilt."""
    monkeypatch.setattr(Registry(database())["event.job"], "_divided_from", 20)
    prepare(env, keys)
    first = env()
    cancelled = first["event.job"].search([("state", "in", ("waiting", "running"))])
    cancelled.cancel()
    job_id = first["event.job"].start("rebuild", "counter")["id"]
    first.cr.commit()
    assert len(job(env, job_id).partition_ids) > 1
    return job_id


def work_on(env, job_id):
    """Give a job some turns, as the scheduler does."""
    for _turn in range(5):
        job(env, job_id)._work(60)
    return job(env, job_id)


def test_two_workers_share_a_large_job(env, keys, divided, monkeypatch):
    jobs, by_thread, meeting = Registry(database())["event.job"], {}, threading.Barrier(2)
    read_chunk = jobs._read_chunk

    def seen(self):
        mine = by_thread.setdefault(threading.get_ident(), set())
        if not mine:
            meeting.wait(20)  # both are at work, each with a share of its own
        mine.add(self._cursor_record().id)
        return read_chunk(self)

    monkeypatch.setattr(jobs, "_read_chunk", seen)
    workers = [threading.Thread(target=job(env, divided)._work, args=(60,)) for _two in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    first, second = by_thread.values()
    assert first.isdisjoint(second)
    after = work_on(env, divided)
    assert (after.state, after.done) == ("done", after.total)
    assert after.changed_count >= 60  # other tests leave spoilt ones behind, too
    assert set(totals(env, keys).values()) == {(2, 2)}


def test_a_share_is_free_again_when_its_worker_is_gone(env, keys, divided):
    shares = job(env, divided).partition_ids
    with (
        job(env, divided)
        .with_context(event_job_partition=FromCode(shares[0].id))
        ._try_lock() as alone
    ):
        assert alone
        assert job(env, divided)._workers() == 1
        after = work_on(env, divided)
        assert (after.state, after.partition_ids.filtered(lambda s: not s.ended)) == (
            "running",
            shares[0].with_env(after.env),
        )
    assert job(env, divided)._workers() == 0
    after = work_on(env, divided)
    assert (after.state, after.done) == ("done", after.total)
    assert set(totals(env, keys).values()) == {(2, 2)}


def test_a_share_that_was_cut_short_goes_on_from_its_last_chunk(env, keys, divided, monkeypatch):
    store = Registry(database())["event.store"]
    monkeypatch.setattr(store, "_reader_chunk", 2)
    share = max(job(env, divided).partition_ids, key=lambda s: s.id)  # the newest streams are in it
    own = job(env, divided).with_context(event_job_partition=FromCode(share.id))
    assert own._work_once()
    done, position = job(env, divided).done, job(env, divided).partition_ids[-1].position
    assert done and position > share.position
    after = work_on(env, divided)
    assert (after.state, after.done) == ("done", after.total)


def test_cancel_from_elsewhere_stops_it(env, keys):
    job_id = prepare(env, keys)
    assert job(env, job_id)._work_once()
    stopping = job(env, job_id)
    stopping.cancel()
    stopping.env.cr.commit()
    assert not job(env, job_id)._work_once()
    assert (job(env, job_id).state, job(env, job_id).done) == ("cancelled", 10)
    assert list(totals(env, keys).values()).count((2, 2)) == 10


def test_a_fault_of_the_job_itself_ends_it_with_a_message(env, keys, monkeypatch):
    job_id = prepare(env, keys)

    def fail(*_args):
        raise RuntimeError("no such luck")

    monkeypatch.setattr(Registry(database())["event.job"], "_write_rebuilt", fail)
    assert not job(env, job_id)._work_once()
    after = job(env, job_id)
    assert (after.state, after.message) == ("failed", "RuntimeError: no such luck")


def test_after_kill_9_the_next_server_goes_on_where_it_was(env, keys, odoo_server):
    server = odoo_server(workers=0)
    _uid, call = server.login("admin", "admin")
    many = [f"{key}-{number:02}" for key in keys for number in range(50)]
    for start in range(0, len(many), 1000):
        call("event.store", "append_batch", [event(key) for key in many[start : start + 1000]] * 2)
    job_id = call("event.job", "start", "rebuild", "counter", many)["id"]
    killer = threading.Timer(0.4, server.kill)
    killer.start()
    with pytest.raises((OSError, xmlrpc.client.Error)):
        while call("event.job", "poll", [job_id])["percent"] < 100:
            pass
        killer.join()
        call("event.job", "poll", [job_id])
    server.start()
    before = call("event.job", "read", [job_id], ["state", "done"])[0]
    while call("event.job", "poll", [job_id])["under_way"]:
        pass
    after = call("event.job", "read", [job_id], ["state", "done", "total"])[0]
    assert before["done"] <= len(many)
    assert (after["state"], after["done"], after["total"]) == ("done", len(many), len(many))
