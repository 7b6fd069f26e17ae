"""``make bench``: ours and the baselines side by side, as a table."""

import os
import time

from benchmarks.asking import NotMeasured
from benchmarks.machine import load, machine
from benchmarks.page import page, table
from benchmarks.parts import PARTS, part
from benchmarks.race import Race
from benchmarks.results import Row

from .bench_baselines import versions
from .bench_place import Place
from .layout import ROOT
from .say import Stop, say, step
from .sources import obtain

PAGE = ROOT / "docs" / "benchmarks.md"
FEWEST = 5  # runs, for a table that is kept


def main():
    """Measure; the exit code is 1 where a part could not be measured, not for a missed target."""
    wanted, rounds, big = asked_for(os.environ)
    source = obtain(os.environ.get("SERIES") or None)
    busy = load()
    with Place(source) as place:
        race = Race(place, rounds, big)
        try:
            server = race.postgresql.ask("about")
            parts, failed = measure(race, wanted)
        finally:
            race.end()
    about = {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{machine()}; {busy:.1f} other processes were busy when it began",
        "versions": f"{place.versions()}, PostgreSQL {server['server_version']}, {versions()}",
        "server": f"embedded, fsync {server['fsync']}, synchronous_commit"
        f" {server['synchronous_commit']}, shared_buffers {server['shared_buffers']}",
        "runs": f"{rounds} of each, in turn",
        "parts": ", ".join(PARTS),
    }
    say("")
    say(table(parts))
    if wanted == PARTS and rounds >= FEWEST and not failed:
        PAGE.write_text(page(parts, about), encoding="utf-8")
        say(f"Written to {PAGE.relative_to(ROOT)}.")
    else:
        say(f"{PAGE.relative_to(ROOT)} stays as it is: that needs every part and {FEWEST} runs.")
    return 1 if failed else 0


def asked_for(environment):
    """Return the parts, how many runs, and whether the large sizes are wanted.

    :raise Stop: for a part that does not exist, or a number that is none
    """
    named = (environment.get("PARTS") or "").replace(",", " ").split()
    unknown = set(named) - set(PARTS)
    if unknown:
        raise Stop(f"PARTS knows no {', '.join(sorted(unknown))}; use {', '.join(PARTS)}.")
    rounds = environment.get("ROUNDS") or str(FEWEST)
    if not (rounds.isascii() and rounds.isdigit()) or not int(rounds):
        raise Stop(f"ROUNDS is {rounds}: give a number from 1 on.")
    wanted = tuple(name for name in PARTS if name in named or not named)
    return wanted, int(rounds), environment.get("BIG") == "yes"


def measure(race, wanted):
    """Return ``({title: rows}, names of the parts that failed)``."""
    parts, failed = {}, []
    for name in wanted:
        module = part(name)
        title = module.__doc__.strip()
        with step(f"{name}: {title}"):
            try:
                parts[title] = module.run(race)
            except (NotMeasured, OSError, ValueError) as error:
                say(f"NOT MEASURED: {name}. {error}")
                parts[title] = [Row(f"{name}: {error}")]
                failed.append(name)
                race.end()  # somebody may still be about to answer
    return parts, failed
