"""The event store of this project, through its public calls."""

import json
import tempfile
from pathlib import Path

from benchmarks.answering import answer, stopwatch
from benchmarks.contestants.emptying import empty_store
from benchmarks.contestants.in_odoo import as_admin, load
from benchmarks.contestants.memory import Peak
from benchmarks.workload import (
    RENTAL,
    TODAY,
    attempts,
    in_batches,
    new_prices,
    price_changes,
    rentals,
)

registry = load()


def calls_of(events, model_name=RENTAL):
    """Return the arguments of ``append_batch`` for events of the workload."""
    return [
        {
            "model_name": model_name,
            "aggregate_id": aggregate_id,
            "event_type": event_type,
            "payload": payload,
        }
        for aggregate_id, event_type, payload in events
    ]


def prepare():
    """Let there be the product that the events name, whose id is 1, and warm up."""
    with as_admin(registry) as env:
        if not env["product.product"].search([("id", "=", 1)]):
            product = env["product.product"].create({"name": "Camera"})
            assert product.id == 1
            env.cr.commit()
        env["event.store"].append_batch(calls_of(rentals("warm", 10)))
    return {}


def reset():
    """Empty the store."""
    with registry.cursor() as cr:
        empty_store(cr)
    return {}


def append(tag, aggregates, batch, model_name=RENTAL):
    """Append with a commit after each batch; then look whether each event was applied."""
    return append_calls(tag, calls_of(rentals(tag, aggregates), model_name), batch)


def append_calls(tag, calls, batch):
    """Append events about aggregates whose ids begin with ``tag``; see :func:`append`."""
    batches = in_batches(calls, batch)
    with as_admin(registry) as env:
        store = env["event.store"]
        env.cr.commit()
        with stopwatch(len(calls)) as result:
            for part in batches:
                store.append_batch(part)
                env.cr.commit()
        _check(env, tag, len(calls))
    return result


def append_once(tag, aggregates, count, outcome):
    """Append so many events to planned rentals in one batch: all are refused, or applied."""
    planned = [each for each in rentals(tag, aggregates) if each[1] == "RentalPlanned"]
    happened = attempts if outcome == "rejected" else new_prices
    with as_admin(registry) as env:
        store = env["event.store"]
        store.append_batch(calls_of(planned))
        env.cr.commit()
        calls = calls_of(happened([aggregate_id for aggregate_id, *_rest in planned], count))
        with stopwatch(count) as result:
            store.append_batch(calls)
            env.cr.commit()
        _check(env, tag, count + (len(planned) if outcome == "applied" else 0), outcome)
    return result


def _check(env, tag, count, outcome="applied"):
    """Raise where something else became of events: that is no measure of anything."""
    env.cr.execute(
        "SELECT count(*) FROM event_store WHERE outcome = %s AND aggregate_id LIKE %s",
        [outcome, f"{tag}-%"],
    )
    (found,) = env.cr.fetchone()
    if found != count:
        raise ValueError(f"{found} of {count} events were {outcome}")


def statements(batch, aggregates):
    """Count the SQL statements of a batch: first in its transaction, then a second one.

    Nothing is kept. Reading the rights, the user and the company again is what the first
    one does more.
    """
    counts = []
    with as_admin(registry) as env:
        for tag in ("first", "second"):
            events = rentals(tag, aggregates, group=aggregates)[:batch]
            env.flush_all()
            before = env.cr.sql_log_count
            env["event.store"].append_batch(calls_of(events))
            env.flush_all()
            counts.append(env.cr.sql_log_count - before)
    return {"first": counts[0], "second": counts[1]}


def rebuild():
    """Lose all snapshots, and let a job fold them again from every event."""
    begun = begin_rebuild()
    done = work(begun["job"])
    end_rebuild(begun["job"])
    return {**done, "count": begun["count"]}


def begin_rebuild():
    """Lose all snapshots, and start the job that folds them again; nobody works on it yet."""
    with as_admin(registry) as env:
        env.cr.execute("TRUNCATE bench_rental_snapshot")
        env.cr.commit()
        env.cr.execute("SELECT count(*) FROM event_store")
        (count,) = env.cr.fetchone()
        job = env["event.job"].start("rebuild")["id"]
        env.cr.commit()
    return {"job": job, "count": count}


def work(job):
    """Work on a job until nothing of it is left that nobody works on."""
    with as_admin(registry) as env, stopwatch(1) as result:
        env["event.job"].browse(job)._work(24 * 60 * 60)
    return result


def end_rebuild(job):
    """Raise where a rebuild is not done, or found problems."""
    with as_admin(registry) as env:
        job = env["event.job"].browse(job)
        if job.state != "done" or job.problem_count:
            raise ValueError(f"the rebuild is {job.state}: {job.message}")
    return {}


def long_stream(aggregate_id, count):
    """Store one stream of so many events, as they would come: a hundred at a time."""
    with as_admin(registry) as env:
        for part in in_batches(calls_of(price_changes(aggregate_id, count)), 100):
            env["event.store"].append_batch(part)
            env.cr.commit()
    return {}


def state_at(aggregate_id, versions):
    """Ask for states, each in a transaction of its own: nothing is in a cache."""
    seconds = 0
    for version in versions:
        with as_admin(registry) as env:
            with stopwatch(1) as result:
                answered = env["event.store"].state_at(RENTAL, aggregate_id, version)
            if answered["version"] != version:
                raise ValueError(f"asked for {version}, got {answered['version']}")
            price = answered["state"]["monthly_price"]
            if version > 1 and price != 1000 + version - 2:
                raise ValueError(f"version {version} has the price {price}")
            seconds += result["seconds"]
    return {"count": len(versions), "seconds": seconds}


def fold(aggregate_id, times):
    """Read a stream and fold it from its first event, without any shortcut."""
    from odoo.addons.event_sourcing.event import EventData

    seconds = 0
    for _time in range(times):
        with as_admin(registry) as env:
            handler = env["snapshot.handler.bench.rental"].sudo()
            with stopwatch(1) as result:
                state = handler._initial_state()
                events = env["event.store"].sudo()
                domain = [("model_name", "=", RENTAL), ("aggregate_id", "=", aggregate_id)]
                for event in events.search(domain, order="version"):
                    state = handler._fold(state, EventData.from_record(event))
            seconds += result["seconds"]
    return {"count": times, "seconds": seconds}


def memory_of_append(events, batch):
    """Return how much more memory appending takes than doing nothing; given a batch at a time."""
    with as_admin(registry) as env, Peak() as peak:
        for first in range(0, events, batch):
            env["event.store"].append_batch(calls_of(rentals(f"m{first}", batch // 10)))
            env.cr.commit()
    return {"mebibytes": peak.mebibytes}


def memory_of_import(events):
    """Return how much more memory importing a file takes than doing nothing, and how long."""
    from odoo.addons.event_sourcing_transfer.transfer_command import import_file

    with tempfile.TemporaryDirectory() as folder, as_admin(registry) as env:
        file = Path(folder) / "history.jsonl"
        with file.open("w") as lines:
            for part in range(0, events, 1000):
                for number, call in enumerate(calls_of(rentals(f"i{part}", 100))):
                    more = {"timestamp": f"{TODAY} 00:00:00", "event_uuid": f"i{part}-{number}"}
                    lines.write(json.dumps({**call, **more}) + "\n")
        with Peak() as peak, stopwatch(events) as result:
            if not import_file(env, file, say=lambda _line: None):
                raise ValueError("the file was refused")
        env.cr.commit()
        _check(env, "i%", events)
    return {**result, "mebibytes": peak.mebibytes}


def memory_of_rebuild():
    """Return how much more memory a rebuild takes than doing nothing."""
    with Peak() as peak:
        result = rebuild()
    return {"mebibytes": peak.mebibytes, "count": result["count"]}


if __name__ == "__main__":
    answer(
        prepare=prepare,
        reset=reset,
        append=append,
        append_once=append_once,
        statements=statements,
        rebuild=rebuild,
        begin_rebuild=begin_rebuild,
        work=work,
        end_rebuild=end_rebuild,
        long_stream=long_stream,
        state_at=state_at,
        fold=fold,
        memory_of_append=memory_of_append,
        memory_of_import=memory_of_import,
        memory_of_rebuild=memory_of_rebuild,
    )
