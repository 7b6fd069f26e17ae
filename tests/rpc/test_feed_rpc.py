"""Reading the feed over RPC: rights, what is refused, and answers as soon as there are any."""

import json
import time
import urllib.request
import uuid
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor

import pytest

NOT_OURS = "not a cursor of this database"


@pytest.fixture(scope="module")
def server(odoo_server):
    return odoo_server()


@pytest.fixture(scope="module")
def call(server):
    return server.login("admin", "admin")[1]


@pytest.fixture
def key(call):
    key = f"F{uuid.uuid4().hex[:8]}"
    add(call, f"{key}-known")
    return key


def add(call, aggregate_id, *amounts):
    for amount in amounts or (1,):
        call("event.store", "append", "counter", aggregate_id, "Added", {"amount": amount})


def stranger(call, key):
    """Return the call of a user who may read the events of another company only."""
    company = call("res.company", "create", {"name": key})
    field = "groups_id" if "groups_id" in call("res.users", "fields_get", [], []) else "group_ids"
    found = call(
        *("ir.model.data", "search_read"),
        [
            ["model", "=", "res.groups"],
            ["name", "in", ["event_store_group_integration", "group_user"]],
            ["module", "in", ["event_sourcing", "base"]],
        ],
        ["res_id"],
    )
    values = {"name": key, "login": key, "password": key, "company_id": company}
    values |= {"company_ids": [[6, 0, [company]]]}
    values[field] = [[6, 0, [row["res_id"] for row in found]]]
    call("res.users", "create", values)


def has_none(value):
    if isinstance(value, dict):
        value = list(value.values())
    return value is None or (isinstance(value, list) and any(map(has_none, value)))


def test_pages_over_xml_rpc_and_json_rpc_are_the_same(server, call, key):
    cursor = call("event.store", "read_feed", "now")["cursor"]
    add(call, key, 1, -5, 2)
    answer = call("event.store", "read_feed", cursor, model_names=["counter"])
    assert [(e["aggregate_id"], e["version"]) for e in answer["events"]] == [(key, 1), (key, 3)]
    assert not has_none(answer)
    uid, _call = server.login("admin", "admin")
    arguments = [server.database, uid, "admin", "event.store", "read_feed", [cursor]]
    body = {"service": "object", "method": "execute_kw", "args": arguments}
    body["args"].append({"model_names": ["counter"]})
    request = urllib.request.Request(
        f"{server.url}/jsonrpc",
        json.dumps({"jsonrpc": "2.0", "method": "call", "params": body}).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as reply:
        found = json.load(reply)["result"]
    assert found["events"] == answer["events"]
    first = call("event.store", "read_feed", cursor, 1, model_names=["counter"])
    rest = call("event.store", "read_feed", first["cursor"], model_names=["counter"])
    assert first["events"] + rest["events"] == answer["events"]
    end = call("event.store", "read_feed", rest["cursor"])
    assert end["events"] == []
    assert call("event.store", "read_feed", end["cursor"])["cursor"] == end["cursor"]


def test_events_of_another_company_are_left_out(server, call, key):
    stranger(call, key)
    theirs = server.login(key, key)[1]
    cursor = theirs("event.store", "read_feed", "now")["cursor"]
    add(call, f"{key}-ours", *range(1, 8))
    add(theirs, f"{key}-theirs", 1, 2)
    add(call, f"{key}-ours", 1)
    versions = []
    for _page in range(2):
        answer = theirs("event.store", "read_feed", cursor, 1)
        versions += [(e["aggregate_id"], e["version"]) for e in answer["events"]]
        cursor = answer["cursor"]
    assert versions == [(f"{key}-theirs", 1), (f"{key}-theirs", 2)]
    answer = theirs("event.store", "read_feed", cursor)
    assert set(answer) == {"events", "cursor"}
    assert answer["events"] == []


def test_waiting_ends_when_an_event_is_committed(server, call, key):
    cursor = call("event.store", "read_feed", "now")["cursor"]
    with ThreadPoolExecutor(1) as pool:
        began = time.monotonic()
        waiting = pool.submit(
            call, "event.store", "read_feed", cursor, wait=25, model_names=["counter"]
        )
        add(call, key)
        (event,) = waiting.result(30)["events"]
        assert event["aggregate_id"] == key
        assert time.monotonic() - began < 20


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"cursor": "x"}, NOT_OURS),
        ({"cursor": 5}, NOT_OURS),
        ({"cursor": ["a"]}, NOT_OURS),
        ({"cursor": "A" * 100_000}, NOT_OURS),
        ({"limit": 0}, "limit must be a whole number"),
        ({"limit": "many"}, "limit must be a whole number"),
        ({"wait": -1}, "wait must be a number of seconds"),
        ({"wait": "long"}, "wait must be a number of seconds"),
        ({"model_names": "counter"}, "model_names must be a list"),
        ({"event_types": [1.5]}, "event_types"),
    ],
)
def test_what_is_odd_is_refused_with_a_sentence(call, arguments, sentence):
    with pytest.raises(xmlrpc.client.Fault, match=sentence) as caught:
        call("event.store", "read_feed", **arguments)
    assert (caught.value.faultCode, "\n" in caught.value.faultString) == (2, False)


def test_a_cursor_that_was_tampered_with(call):
    cursor = call("event.store", "read_feed", "now")["cursor"]
    for place in range(0, len(cursor) - 4, 7):
        other = "A" if cursor[place] != "A" else "B"
        with pytest.raises(xmlrpc.client.Fault, match=NOT_OURS):
            call("event.store", "read_feed", cursor[:place] + other + cursor[place + 1 :])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nobody", [1]], "no consumer 'nobody'"),
        ([5, [1]], "no consumer 5"),
        ([["a"], [1]], "no consumer"),
        (["counter.total.projection", "1"], "must be a list of ids"),
        (["counter.total.projection", ["1"]], "must be a list of ids"),
        (["counter.total.projection", [True]], "must be a list of ids"),
        (["counter.total.projection", [2**31 - 1, -1]], "must be a list of ids"),
        (["counter.total.projection", [1], "long"], "timeout must be a number of seconds"),
    ],
)
def test_odd_waits_are_refused_with_a_sentence(call, arguments, sentence):
    with pytest.raises(xmlrpc.client.Fault, match=sentence) as caught:
        call("event.subscription", "wait_for", *arguments)
    assert (caught.value.faultCode, "\n" in caught.value.faultString) == (2, False)


def test_waiting_for_an_event_that_is_none(call):
    arguments = ("counter.total.projection", [2**31 - 1], 0)
    assert call("event.subscription", "wait_for", *arguments) is False
