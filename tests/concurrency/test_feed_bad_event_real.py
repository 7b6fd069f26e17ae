"""One bad event among many is found by halves, and the good ones before it pass."""

import os
from types import SimpleNamespace

import pytest
from support.feed import add, cursor, env_of, projected, run_due, subscription
from support.forked import Forked

from odoo.modules.registry import Registry
from odoo.tools import mute_logger

RUN = "odoo.addons.event_sourcing_feed.models.event_subscription_run"
pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
PROJECTION = "counter.total.projection"


@pytest.fixture
def bad(prefix, monkeypatch):
    """Append 200 events of which the 151st is bad; note how many come at a time."""
    ids = [answer["id"] for number in range(4) for answer in add(f"{prefix}{number}", 50)]
    model = Registry(os.environ["ES_DB"])[PROJECTION]
    original, case = model._project, SimpleNamespace(event_id=ids[150], sizes=[])

    def project(self, events):
        case.sizes.append(len(events))
        if case.event_id in [event.id for event in events]:
            case.fails()
        original(self, events)

    case.fails = raise_no
    monkeypatch.setattr(model, "_project", project)
    with mute_logger(RUN):
        yield case


def raise_no():
    raise ValueError("no")


def all_versions(count):
    return ",".join(str(version) for version in range(1, count + 1))


def test_a_bad_event_late_in_a_page_is_found_by_halves(prefix, bad):
    run_due()
    found = subscription(PROJECTION)
    assert bad.sizes == [200, 100, 50, 25, 12, 6, 3, 1], bad.sizes
    assert (found["failed_event_id"], found["error_count"]) == (bad.event_id, 1)
    whole = {f"{prefix}{number}": all_versions(50) for number in range(3)}
    assert projected(prefix) == whole
    with cursor() as cr:
        sub = env_of(cr)["event.subscription"].search([("consumer", "=", PROJECTION)])
        sub._skip(bad.event_id, "bad")
    del bad.sizes[:]
    run_due()
    assert bad.sizes == [49]
    after = ",".join(str(version) for version in range(2, 51))
    assert projected(prefix) == {**whole, f"{prefix}3": after}


def test_after_an_error_that_is_over_pages_are_whole_again(prefix, bad):
    def once():
        bad.fails = lambda: None
        raise_no()

    bad.fails = once
    run_due()
    assert sum(bad.sizes) == 400 and len(bad.sizes) < 12, bad.sizes
    assert projected(prefix) == {f"{prefix}{number}": all_versions(50) for number in range(4)}
    found = subscription(PROJECTION)
    assert (found["suspect_count"], found["error_count"], found["last_error"]) == (0, 0, False)
    add(f"{prefix}9", 30)
    del bad.sizes[:]
    run_due()
    assert bad.sizes == [30]


def test_an_event_that_ends_the_process_is_found_by_halves(prefix, bad):
    bad.fails = lambda: os._exit(9)
    deaths = 0
    while Forked(run_due).wait() == 9:
        deaths += 1
    found = subscription(PROJECTION)
    assert f"ended 4 times while it worked on the event {bad.event_id}" in found["last_error"]
    assert found["failed_event_id"] == bad.event_id
    assert projected(prefix) == {f"{prefix}{number}": all_versions(50) for number in range(3)}
    assert deaths < 16
