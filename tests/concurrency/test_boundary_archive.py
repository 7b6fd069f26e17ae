"""A boundary whose events are in an archive decides on, and says what it cannot do without them."""

import uuid

import pytest

from odoo.exceptions import UserError

from odoo.addons.event_sourcing.exceptions import EventsArchived

AWAY = "Older events of .* are in an archive .*bring the archive back"


@pytest.fixture
def key():
    return f"ba-{uuid.uuid4().hex[:8]}"


def tell(store, name, event_type="Booked", **payload):
    own = store.env()
    answer = own["event.store"].append("booking", name, event_type, payload)
    own.cr.commit()
    store.close()
    return answer["outcome"], answer["message"]


def state_of(store, key, **options):
    found = store.env()["event.boundary"].state_at("seat", key, **options)
    store.close()
    return found["version"], found["state"]


def row_of(store, key):
    return store.fetch(
        "SELECT version, state::text, rules FROM event_boundary_state"
        " WHERE boundary = 'seat' AND key = %s",
        key,
    )


def status_of(store):
    return store.env()["event.boundary.status"].search([("boundary", "=", "seat")])


def set_rules(store, key, rules):
    own = store.env()
    own.cr.execute("UPDATE event_boundary_state SET rules = %s WHERE key = %s", [rules, key])
    own.cr.commit()
    store.close()


def check(store):
    job = store.run("check")
    assert job.state == "done"
    found = [d.message for d in job.difference_ids if d.kind.startswith("boundary")]
    store.close()
    return found


def test_a_key_outlives_the_archive_of_its_events(store, key, tmp_path):
    period = store.next_partition()
    seat, other, later = f"{key}-A", f"{key}-B", f"{key}-C"
    assert tell(store, f"{key}-1", seat=seat) == ("applied", "")
    assert tell(store, f"{key}-2", seat=other) == ("applied", "")
    store.next_partition()
    assert tell(store, f"{key}-2", "Moved", seat=later) == ("applied", "")
    store.seal()
    store.close()
    rows = [row_of(store, place) for place in (seat, other, later)]
    archived = store.partitions.archive(period, tmp_path)
    store.close()

    # It keeps its state and decides as before.
    assert [row_of(store, place) for place in (seat, other, later)] == rows
    assert tell(store, f"{key}-3", seat=seat) == ("rejected", f"{seat} is taken by {key}-1.")
    assert tell(store, f"{key}-4", seat=other) == ("applied", "")
    assert tell(store, f"{key}-1", "Cancelled") == ("applied", "")
    assert tell(store, f"{key}-3", seat=seat) == ("applied", "")
    assert check(store) == []
    found = store.env()["event.seal"].verify()
    assert found["ok"], found
    store.close()

    # What needs the events is refused, and names the file.
    for options in ({}, {"version": 1}):
        with pytest.raises(UserError, match=AWAY):
            state_of(store, seat, **options)
        store.close()
    assert state_of(store, later) == (1, {"by": f"{key}-2", "count": 1})
    with pytest.raises(EventsArchived, match=AWAY):
        status_of(store).action_rebuild()
    assert status_of(store).state == "ready"
    store.close()
    (rules,) = {row[0][2] for row in rows}
    set_rules(store, seat, "of yesterday")
    outcome, message = tell(store, f"{key}-5", seat=seat)
    assert outcome == "rejected"
    assert "are in an archive" in message
    entries, problems = store.env()["seat.boundary"]._entries_of("booking", {(1, f"{key}-1"): 3})
    assert entries == []
    assert [("are in an archive" in text) for text in problems.values()] == [True]
    store.close()

    # Brought back, all is as before.
    store.partitions.attach(period, archived["file"])
    store.close()
    assert tell(store, f"{key}-6", seat=seat) == ("rejected", f"{seat} is taken by {key}-3.")
    # Folded anew: a refused event writes no state.
    assert state_of(store, seat) == (3, {"by": f"{key}-3", "count": 2})
    set_rules(store, seat, rules)
    assert check(store) == []
    own = store.env()
    status_of(store).action_rebuild()
    assert own["event.seal"].verify()["ok"]
