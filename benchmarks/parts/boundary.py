"""A boundary, a rule that spans streams: seats booked and released by eight processes"""

import time
from functools import partial

from ..race import LIBRARY, at_once
from ..results import Row, Samples, Target, rates
from ..seats import HALL, SEATS, TABLE, TRIES

CLIENTS = 8
SECONDS = 4  # of each run
RACES = 50  # seats that all want at the same moment
PACE = 0.2  # seconds from one of these to the next
DCB = f"{LIBRARY}, its DCB"
NAIVE = "look, then write"
MANY = "1 000 seats, eight clients"
SLOW = "as on a disk that takes 5 ms for a commit"
HOT = "one table that all eight want"
HELD = 500  # bookings of a hall
RPC = "READ COMMITTED, as calls over RPC"


def run(race):
    """Compare with the library's own, count what went wrong, and what one append costs."""
    ours = _start(race, "boundary", race.place.database, *race.place.odoo_options)
    library = None
    if LIBRARY not in race.missing:
        python = race.place.library_python
        library = _start(race, "dcb_library", race.place.other_database, python=python)
    try:
        return [*_against(race, ours, library), *_races(ours, library), *_cost(race, ours[:1])]
    finally:
        for contestant in [*ours, *(library or [])]:
            race.dismiss(contestant)


def _start(race, module, *arguments, **options):
    """Start the clients one by one: two that make the same tables would meet."""
    return [race.start(module, *arguments, **options) for _n in range(CLIENTS)]


def _turn(clients, do, **values):
    """Let all clients begin anew, together; then look what is stored."""
    clients[0].ask("reset")
    if do == "race":  # only now: who comes late runs after the first, and races nobody
        values["begin"] = time.time() + 1
    asked = [(each, do, {"tag": f"B{n}", **values}) for n, each in enumerate(clients)]
    found = at_once(asked)
    verified = clients[0].ask("verify")
    expected = found["count"] + values.get("held", 0)
    if verified["events"] != expected:
        raise ValueError(f"{verified['events']} of {expected} events were stored")
    return {**found, "twice": verified["twice"]}


def _against(race, ours, library):
    rows = []
    for what, seats, delay, target in (
        (MANY, SEATS, 0, Target("at least", 5)),
        (f"{MANY}, {SLOW}", SEATS, 5000, Target("at least", 5)),
        (HOT, TABLE, 0, None),
    ):
        turn = partial(_turn, do="book", seats=seats, seconds=SECONDS, delay=delay)
        found = race.alternate(
            ours=partial(turn, ours, kind="bench_booking"),
            library=race.if_there(LIBRARY, partial(turn, library)),
        )
        mine, other = found["ours"], found.get("library")
        rows += [
            Row(
                f"{what}: appends ({RPC})",
                rates(mine, "appends/s"),
                DCB,
                rates(other, "appends/s") if other else None,
                target,
                "" if other else race.missing[LIBRARY],
            ),
        ]
        if not delay:
            rows += _trouble(what, mine, other)
    return rows


def _trouble(what, mine, other):
    none = Target("at most", 0)
    for key, name in (
        ("again", "appends that met a conflict, each time counted"),
        ("given_up", f"appends that needed more than {TRIES} tries"),
        ("twice", "seats given twice, by folding what is stored"),
    ):
        yield Row(f"{what}: {name}", _counts(mine, key), target=none)
        if other:
            yield Row(f"{what}: the same, {DCB}", _counts(other, key))
    yield Row(f"{what}: refused by the rule, as it should", _counts(mine, "refused"))
    if other:
        yield Row(f"{what}: the same, {DCB}", _counts(other, "refused"))


def _counts(answers, key):
    return Samples(tuple(each[key] for each in answers))


def _races(ours, library):
    """Let all clients want the same seat at the same moment, once for everybody."""
    rows = []
    for name, clients, values, target in (
        ("ours", ours, {"kind": "bench_booking"}, Target("at most", 0)),
        (NAIVE, ours, {"kind": "bench_booking_naive"}, None),
        (DCB, library, {}, None),
    ):
        if clients:
            found = _turn(clients, "race", count=RACES, pace=PACE, **values)
            if found["count"] - found["twice"] != RACES:
                raise ValueError(f"{found['count']} bookings of {RACES} seats, {name}")
            what = f"{RACES} seats, each wanted by all eight at once: winners too many, {name}"
            rows.append(Row(what, _counts([found], "twice"), target=target))
    return rows


def _cost(race, alone):
    """One client: what a boundary adds to an append."""
    free, full = "without a boundary", f"its key in the payload and {HELD} bookings in its state"
    ways = {
        free: {"kind": "bench_booking_free"},
        "its key in the payload": {"kind": "bench_booking"},
        "its key from the state": {"kind": "bench_booking_stated"},
        full: {"kind": "bench_booking_hall", "seats": HALL, "held": HELD},
    }
    turn = partial(_turn, alone, "book", seconds=SECONDS / 2)
    found = race.alternate(
        **{what: partial(turn, **{"seats": SEATS, **values}) for what, values in ways.items()}
    )
    return [
        Row(
            f"single append with a boundary, {what}",
            rates(found[what], "appends/s"),
            free,
            rates(found[free], "appends/s"),
        )
        for what in ways
        if what != free
    ]
