"""``make bench``: the table says what was measured, and whether the targets are met."""

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks.asking import Contestant, NotMeasured
from benchmarks.page import number, page, samples, table
from benchmarks.parts import PARTS, part
from benchmarks.race import Race
from benchmarks.results import Row, Samples, Target, milliseconds, rates
from benchmarks.seats import Client, given_twice
from benchmarks.workload import in_batches, price_changes, rentals
from tools import bench, bench_baselines
from tools.bench_place import Place
from tools.say import Stop

ABOUT = {
    "date": "2026-01-31",
    "machine": "2 cores",
    "versions": "Odoo 17.0",
    "server": "fsync on",
    "runs": "5 of each",
    "parts": "bulk, single",
}


def row(ours, other, words="at least", bound=0.5):
    return Row("what", Samples(ours, "/s"), "other", Samples(other, "/s"), Target(words, bound))


# ----------------------------------------------------------------------
# Results
# ----------------------------------------------------------------------


def test_a_ratio_is_taken_run_by_run():
    # Of the medians it would be 20 / 40: each run has a machine of its own, so to say.
    ratio = row((10, 20, 90), (10, 40, 60)).ratio
    assert ratio.values == (1.0, 0.5, 1.5)
    assert ratio.median == 1.0
    with pytest.raises(ValueError):
        _ = row((10, 20), (10,)).ratio


@pytest.mark.parametrize(
    ("words", "bound", "met"),
    [
        ("at least", 0.5, True),
        ("at least", 0.51, False),
        ("at most", 0.5, True),
        ("at most", 0.49, False),
        ("above", 0.5, False),
        ("above", 0.49, True),
        ("under", 0.5, False),
        ("under", 0.51, True),
    ],
)
def test_the_median_ratio_is_what_must_keep_to_the_target(words, bound, met):
    assert row((1, 2, 30), (4, 4, 4), words, bound).met is met


def test_without_somebody_to_compare_with_the_value_itself_counts():
    statements = Row("one append", Samples((9,), "statements"), target=Target("at most", 6))
    assert statements.met is False
    assert statements.ratio is None


def test_what_is_missing_is_neither_met_nor_missed():
    missing = Row("what", Samples((1,)), "(d)", None, Target("at least", 1), "there is no npm")
    assert missing.ratio is None
    assert missing.met is None
    assert Row("what", Samples((1,))).met is None


def test_rates_and_times_come_from_counts_and_seconds():
    answers = [{"count": 100, "seconds": 0.5}, {"count": 100, "seconds": 2}]
    assert rates(answers).values == (200, 50)
    assert milliseconds(answers).values == (5, 20)


# ----------------------------------------------------------------------
# The table and the page
# ----------------------------------------------------------------------


def test_numbers_have_three_digits_that_count():
    assert [number(n) for n in (20000, 1234.5, 187.4, 18.74, 0.1234, 6, 0)] == [
        "20 000",
        "1 234",
        "187",
        "18.7",
        "0.123",
        "6",
        "0",
    ]
    assert samples(Samples((3, 1, 2000), "events/s")) == "3 events/s (1–2 000)"
    assert samples(Samples((7,), "statements")) == "7 statements"


def test_a_line_says_all_of_it():
    lines = table(
        {
            "Bulk": [
                row((100, 200, 300), (400, 400, 400)),
                row((100, 100, 100), (400, 400, 400)),
                Row("one", Samples((9, 9), "statements"), target=Target("at most", 9)),
                Row("two", Samples((1,), "/s"), "(d)", None, Target("at least", 1), "no npm"),
                Row("three: it broke"),
            ]
        }
    ).splitlines()
    assert lines[2:] == [
        "| **Bulk** | | | | | | |",
        "| what | 200 /s (100–300) | other | 400 /s (400–400) | 0.5 (0.25–0.75) | at least 0.5"
        " | yes |",
        "| what | 100 /s (100–100) | other | 400 /s (400–400) | 0.25 (0.25–0.25) | at least 0.5"
        " | **no** |",
        "| one | 9 statements (9–9) |  |  |  | at most 9 | yes |",
        "| two (no npm) | 1 /s | (d) | not measured |  | at least 1 | – |",
        "| three: it broke | not measured |  |  |  |  |  |",
    ]


def test_the_page_counts_its_targets():
    rows = [row((1,), (1,)), row((1,), (9,)), Row("x", None, "(d)", None, Target("above", 1))]
    text = page({"Bulk": rows}, ABOUT)
    assert "**1 of 3 targets met, 1 not met, 1 not measured.**" in text
    for said in ("Date: 2026-01-31", "fsync on", "hot_aggregate.py", "screens.py"):
        assert said in text
    assert table({"Bulk": rows}) in text


def test_every_part_has_a_title_and_can_be_run():
    for name in PARTS:
        assert len(part(name).__doc__.strip().splitlines()) == 1
        assert callable(part(name).run)


# ----------------------------------------------------------------------
# What is asked for, and what goes wrong
# ----------------------------------------------------------------------


def test_parts_and_runs_can_be_chosen():
    assert bench.asked_for({}) == (PARTS, 5, False)
    chosen = {"PARTS": "single,bulk", "ROUNDS": "9", "BIG": "yes"}
    assert bench.asked_for(chosen) == (("bulk", "single"), 9, True)
    with pytest.raises(Stop, match="PARTS knows no bulky; use bulk, single,"):
        bench.asked_for({"PARTS": "bulky"})
    for text in ("0", "many", "-1"):
        with pytest.raises(Stop, match=f"ROUNDS is {text}: give a number from 1 on"):
            bench.asked_for({"ROUNDS": text})


def test_a_part_that_fails_does_not_stop_the_others(monkeypatch, capsys):
    def broken(_race):
        raise NotMeasured("ours: ValueError: 3 of 5 events were applied")

    parts = {
        "bulk": SimpleNamespace(__doc__="Bulk", run=broken),
        "single": SimpleNamespace(__doc__="Single", run=lambda _race: [row((1,), (1,))]),
    }
    monkeypatch.setattr(bench, "part", parts.get)
    ended = []
    race = SimpleNamespace(end=lambda: ended.append(True))
    found, failed = bench.measure(race, tuple(parts))
    assert failed == ["bulk"]
    assert ended
    assert "3 of 5 events were applied" in table(found)
    assert found["Single"][0].met is True
    assert "NOT MEASURED: bulk. ours: ValueError" in capsys.readouterr().out


def test_without_npm_the_table_says_so(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(bench_baselines, "RUN", tmp_path)
    monkeypatch.setattr(bench_baselines.shutil, "which", lambda _name: None)
    place = SimpleNamespace(missing={})
    assert Place._if_possible(place, "(d) message-db", bench_baselines.message_db_sql) is None
    assert place.missing == {
        "(d) message-db": "message-db comes as an npm package, and there is no npm here"
    }
    assert "NOT MEASURED: (d) message-db." in capsys.readouterr().out


def test_tasks_take_turns_and_the_first_turn_does_not_count():
    done = []

    def task(name):
        return lambda: done.append(name) or {"count": len(done), "seconds": 1}

    class Racing(Race):
        postgresql = SimpleNamespace(ask=lambda _do: None)

    race = Racing(SimpleNamespace(missing={"(d)": "no npm"}), rounds=2, big=False)
    missing = race.if_there("(d)", task("d"))
    found = race.alternate(ours=task("ours"), theirs=task("theirs"), d=missing)
    assert done == ["ours", "theirs"] * 3
    assert found == {
        "ours": [{"count": 3, "seconds": 1}, {"count": 5, "seconds": 1}],
        "theirs": [{"count": 4, "seconds": 1}, {"count": 6, "seconds": 1}],
    }


# ----------------------------------------------------------------------
# What the contestants are given, and a real one
# ----------------------------------------------------------------------


def test_a_thousand_events_in_a_row_are_five_hundred_rentals():
    events = rentals("R", 2000)
    assert len(events) == 20_000
    for batch in in_batches(events, 1000):
        assert len({aggregate_id for aggregate_id, *_rest in batch}) == 500
    life = [
        event_type for aggregate_id, event_type, _payload in events if aggregate_id == "R-000700"
    ]
    assert life[0] == "RentalPlanned"
    assert life[-1] == "RentalClosed"
    assert len(life) == 10
    assert len(price_changes("long", 300)) == 300
    assert in_batches([1, 2, 3], 0) == [[1, 2, 3]]


def test_who_gave_a_seat_twice_is_found():
    booked, released = ("Booked", "A", "seat-1"), ("Released", "A", "seat-1")
    again = ("Booked", "B", "seat-1")
    assert given_twice([booked, released, again]) == 0
    assert given_twice([booked, again, released]) == 1
    assert given_twice([booked, ("Booked", "B", "seat-2")]) == 0
    six = [("Booked", f"B{n}", "table") for n in range(6)]
    assert given_twice(six) == 0
    assert given_twice([*six, ("Booked", "B7", "table"), ("Booked", "B8", "table")]) == 2


def test_a_client_tries_again_and_counts_it():
    decided, wait = [], iter([1, 0, 6, 0])

    def decide(event_type, booking, seat):
        if next(wait) > 0:
            raise KeyError
        decided.append((event_type, booking, seat))
        return event_type == "Booked"

    client = Client(decide, KeyError)
    assert client.append("Booked", "A", "seat-1") is True
    assert client.append("Released", "A", "seat-1") is False
    assert decided == [("Booked", "A", "seat-1"), ("Released", "A", "seat-1")]
    assert client.result == {"count": 1, "refused": 1, "again": 2, "given_up": 0}


@pytest.fixture
def contestant(tmp_path):
    """Start a real contestant on the test database; none of what is asked here is kept."""
    started = []

    def start(module, *arguments):
        python = os.environ["ES_PYTHON"]
        database = os.environ["ES_LIVE_DATABASE"]
        log = Path(tmp_path / f"{module}.log")
        started.append(Contestant(python, module, [database, *arguments], os.environ, log))
        return started[-1]

    yield start
    for one in started:
        one.close()


def test_ours_counts_its_statements_for_real(contestant):
    addons, data = os.environ["ES_ADDONS_PATH"], os.environ["ES_DATA"]
    ours = contestant("ours", f"--addons-path={addons}", f"--data-dir={data}")
    stored = contestant("postgresql").ask("about")["events"]
    ours.ask("prepare")
    one = ours.ask("statements", batch=1, aggregates=1)
    few = ours.ask("statements", batch=4, aggregates=2)
    many = ours.ask("statements", batch=40, aggregates=20)
    assert 0 < one["second"] <= one["first"]
    assert many["second"] <= few["second"], "statements grow with the batch"
    assert contestant("postgresql").ask("about")["events"] == stored
    with pytest.raises(NotMeasured, match="ours: KeyError: 'dance'"):
        ours.ask("dance")
    assert ours.ask("statements", batch=1, aggregates=1) == one


def test_postgresql_reads_what_a_fold_needs_for_real(contestant):
    read = contestant("postgresql").ask("read")
    assert read["count"] > 0
    assert read["seconds"] > 0
