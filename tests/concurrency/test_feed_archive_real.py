"""A period that leaves the store: not before subscriptions have it, and readers are told."""

import uuid

import pytest

from odoo.exceptions import UserError

CONSUMER = "counter.total.projection"


@pytest.fixture
def key(store):
    """Let the projection begin now, in a new partition; give the name of an aggregate."""
    key = f"old-{uuid.uuid4().hex[:8]}"
    store.append(f"{key}-before", 1)
    own = store.env()
    sub = own["event.subscription"].search([("consumer", "=", CONSUMER)])
    sub._move(own["event.store"]._feed_now())
    sub.write({"state": "running", "error_count": 0, "next_try": False})
    own.cr.commit()
    return key


def run_due(store):
    own = store.env()
    while own["event.subscription"]._run_due():
        pass
    store.close()


def closed_partition(store, key):
    """Append to a partition, and close it; return its name."""
    name = store.next_partition()
    store.append(key, 1, 2)
    store.next_partition()
    store.append(f"{key}-after", 3)
    store.seal()
    store.close()
    return name


def totals(store, key):
    return store.fetch("SELECT events FROM counter_total WHERE aggregate_id = %s", key)


def test_in_a_duplicated_database_it_goes_on(store, key):
    """Dumped and restored in the same cluster, whose numbers go on; across partitions, too."""
    store.append(key, 1, 2)
    run_due(store)
    store.append(key, 3)
    run_due(store)
    assert totals(store, key) == [("1,2,3",)]


def test_nothing_leaves_that_a_subscription_has_not_seen(store, key, tmp_path):
    name = closed_partition(store, key)
    label = "Totals|counter.total.projection"
    for state in ("running", "stopped"):
        own = store.env()
        own["event.subscription"].search([("consumer", "=", CONSUMER)]).state = state
        own.cr.commit()
        store.close()
        with pytest.raises(UserError, match=f"have not taken the events .*{label}") as caught:
            store.partitions.archive(name, tmp_path)
        assert "\n" not in str(caught.value)
        store.close()
    own = store.env()
    own["event.subscription"].search([("consumer", "=", CONSUMER)]).state = "running"
    own.cr.commit()
    run_due(store)
    store.partitions.archive(name, tmp_path)
    assert totals(store, key) == [("1,2",)]
    store.partitions.attach(name)
    run_due(store)
    assert totals(store, key) == [("1,2",)]  # what is back is not new


def test_readers_are_told_what_they_lack(store, key, tmp_path):
    events = store.env()["event.store"]
    early = events.read_feed("now")["cursor"]
    store.close()
    name = closed_partition(store, key)
    run_due(store)
    events = store.env()["event.store"]
    late = events.read_feed("now")["cursor"]
    half = events.read_feed(early, limit=1)["cursor"]  # in the middle of the partition
    store.close()
    store.partitions.archive(name, tmp_path)
    store.append(f"{key}-new", 1)
    events = store.env()["event.store"]
    for cursor in (early, half, None):
        with pytest.raises(UserError, match="are in an archive, and were not read yet") as caught:
            events.read_feed(cursor)
        assert "\n" not in str(caught.value)
    (event,) = events.read_feed(late)["events"]
    assert event["aggregate_id"] == f"{key}-new"
    store.close()
    store.partitions.attach(name)
    events = store.env()["event.store"]
    found, cursor = [], half
    for _page in range(2):  # what is left of the pages begun before, and what is new since
        answer = events.read_feed(cursor, model_names=["counter"])
        found, cursor = found + answer["events"], answer["cursor"]
    assert [(event["aggregate_id"], event["version"]) for event in found] == [
        (key, 2),
        (f"{key}-after", 1),
        (f"{key}-new", 1),
    ]
