"""An event that its handler cannot read holds up whoever is to have it, where they stand."""

import os
from dataclasses import replace

import pytest
from support.feed import add, cursor, env_of, fetch, how_many, projected, run_due, subscription

from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import make_user

SENTENCE = "The event %s of counter/%s cannot be read: .* update the addon that brings it.$"


@pytest.fixture
def newer(prefix, monkeypatch):
    """Append before, at and after an event of a newer version; return its id and the cursor."""
    with cursor() as cr:
        store = env_of(cr)["event.store"]
        begin = store.read_feed("now")["cursor"]
        handler = type(env_of(cr)["counter.snapshot.handler"])
    add(f"{prefix}0", 2)
    with cursor() as cr:
        answer = env_of(cr)["event.store"].append("counter", f"{prefix}0", "Closed")
    add(f"{prefix}1")
    original = handler._upcast

    def upcast(self, event):
        newer = event.event_type == "Closed"
        return original(self, replace(event, schema_version=9) if newer else event)

    monkeypatch.setattr(handler, "_upcast", upcast)
    with mute_logger("odoo.addons.event_sourcing_feed.models.event_subscription_run"):
        yield answer["id"], begin


def read(begin, user=None, **options):
    with cursor() as cr:
        store = env_of(cr)["event.store"].with_user(user or 1)
        answer = store.read_feed(begin, model_names=["counter"], **options)
    return [(e["aggregate_id"], e["version"]) for e in answer["events"]], answer["cursor"]


def test_a_reader_gets_what_is_before_it_and_then_a_sentence(newer, prefix, monkeypatch):
    event_id, begin = newer
    for limit in (2, 3, 1000):
        found, after = read(begin, limit=limit)
        assert found == [(f"{prefix}0", 1), (f"{prefix}0", 2)]
        for _time in range(2):
            with pytest.raises(UserError, match=SENTENCE % (event_id, f"{prefix}0")) as caught:
                read(after, limit=limit)
            assert "\n" not in str(caught.value)
    assert read(begin, event_types=["Added"])[0][-1] == (f"{prefix}1", 1)
    monkeypatch.undo()  # the addon is updated
    assert read(after)[0] == [(f"{prefix}0", 3), (f"{prefix}1", 1)]


def test_who_may_not_see_it_is_told_nothing_of_it(newer, prefix):
    _event_id, begin = newer
    with cursor() as cr:
        env = env_of(cr)
        company = env["res.company"].create({"name": prefix})
        user = make_user(env, prefix, "integration", company=company).id
        env["event.store"].append(
            *("counter", f"{prefix}theirs", "Added", {"amount": 1}), company_id=company.id
        )
        # Whoever makes a company works in it from then on; other tests must not.
        env.user.write({"company_ids": [(3, company.id)]})
    assert read(begin, user)[0] == [(f"{prefix}theirs", 1)]


def test_a_reaction_sets_it_aside(newer, prefix, monkeypatch):
    event_id, _begin = newer
    with cursor() as cr:
        reaction = type(env_of(cr)["counter.reaction"])
    monkeypatch.setattr(reaction, "_subscribes", {"counter": ("*",)})
    run_due()
    assert how_many(prefix) == 3
    ((error, state),) = fetch(
        "SELECT error, state FROM event_reaction_task WHERE event_id = %s", event_id
    )
    assert (state, "cannot be read" in error) == ("waiting", True)
    with cursor() as cr:
        env_of(cr)["event.reaction.task"].search([("event_id", "=", event_id)]).unlink()


def test_a_read_model_stops_there_and_a_manager_lets_it_go_on(newer, prefix, monkeypatch):
    event_id, _begin = newer
    name = "counter.total.projection"
    projection = Registry(os.environ["ES_DB"])[name]
    monkeypatch.setattr(projection, "_subscribes", {"counter": ("*",)})
    run_due()
    found = subscription(name)
    assert (found["failed_event_id"], found["error_count"]) == (event_id, 1)
    assert found["last_error"].startswith(f"The event {event_id} of counter/{prefix}0")
    assert projected(prefix) == {f"{prefix}0": "1,2"}
    with cursor() as cr:
        env = env_of(cr)
        sub = env["event.subscription"].search([("consumer", "=", name)])
        assert sub.wait_for(name, [event_id], timeout=0) is False
        sub._skip(event_id, "it came from a newer system")
    run_due()
    assert projected(prefix) == {f"{prefix}0": "1,2", f"{prefix}1": "1"}
