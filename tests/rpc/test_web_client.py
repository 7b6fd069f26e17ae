"""The web client's own way in: JSON over HTTP, with a session."""

import json
import math

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import make_user

BASE = {"model_name": "counter", "aggregate_id": "W1", "event_type": "Added"}


@tagged("-at_install", "post_install")
class TestWebClient(HttpCase):
    def setUp(self):
        super().setUp()
        make_user(self.env, "shop-clerk", "integration")
        self.authenticate("shop-clerk", "shop-clerk")

    def call(self, method, *args, model="event.store", **kwargs):
        self.env.flush_all()
        answer = self.url_open(
            f"/web/dataset/call_kw/{model}/{method}",
            data=json.dumps(
                {"params": {"model": model, "method": method, "args": args, "kwargs": kwargs}}
            ),
            headers={"Content-Type": "application/json"},
        ).json()
        self.env.invalidate_all()
        return answer

    def test_create_and_read_back_with_null_and_large_numbers(self):
        payload = {"amount": 1, "none": None, "large": 2**40, "東京": {}, "list": []}
        (event_id,) = self.call("create", [{**BASE, "payload": payload}])["result"]
        (row,) = self.call("read", [event_id], ["payload", "outcome", "create_uid"])["result"]
        self.assertEqual((row["payload"], row["outcome"]), (payload, "applied"))
        self.assertEqual(row["create_uid"][1], "Shop-clerk")
        empty = self.call("create", {**BASE, "event_type": "Closed", "payload": {}})["result"]
        (row,) = self.call("read", [empty], ["payload"])["result"]
        self.assertEqual(row["payload"], {})

    def test_refusals_are_sentences(self):
        (event_id,) = self.call("create", [{**BASE, "payload": {"amount": 1}}])["result"]
        for method, args, sentence in (
            ("create", [[{**BASE, "payload": 5}]], "must be a JSON object"),
            ("create", [[{**BASE, "version": 9}]], "version 9 was expected next"),
            ("create", [[{**BASE, "outcome": "applied"}]], "cannot be given"),
            ("write", [[event_id], {"payload": {}}], "never changed"),
            ("web_save", [[event_id], {"payload": {}}, {}], "never changed"),
            ("unlink", [[event_id]], "never changed"),
        ):
            with self.subTest(method=method, sentence=sentence), mute_logger("odoo.http"):
                error = self.call(method, *args)["error"]
                self.assertIn(sentence, error["data"]["message"])
                self.assertIn(
                    error["data"]["name"].rsplit(".", 1)[1], ("UserError", "VersionConflict")
                )
        events = self.env["event.store"].search([("aggregate_id", "=", "W1")])
        self.assertEqual(events.mapped("payload"), [{"amount": 1}])

    def test_what_json_alone_can_carry_is_refused_or_kept(self):
        """NaN, numbers without an end and halves of characters, by every way that stores."""
        (known,) = self.call("create", [{**BASE, "payload": {"amount": 1}}])["result"]
        odd = (math.nan, math.inf, 10**30, "\ud800", "\0", {"a": math.nan}, [[math.nan]])
        calls = []
        for value in odd:
            # As a name, and in a payload, a whole number of any length is kept.
            calls += (
                ()
                if value == 10**30
                else (
                    ("append", ["counter", "W1", "Added", {"amount": 1, "note": value}]),
                    ("append", ["counter", value, "Added", {"amount": 1}]),
                    ("create", [[{**BASE, "payload": {"amount": 1}, "correlation_id": value}]]),
                )
            )
            calls += (
                ("append", ["counter", "W1", "Added", {"amount": 1}, value]),
                ("create", [[{**BASE, "payload": {"amount": 1}, "timestamp": value}]]),
                ("state_at", ["counter", "W1", value]),
                ("read", [[value], ["payload"]]),
                ("write", [[known], {"payload": value}]),
                ("write", [[value], {"payload": {}}]),
                ("web_save", [[value], {"payload": {}}, {}]),
            )
        wrong = []
        for method, args in calls:
            with mute_logger("odoo.http", "odoo.sql_db"):
                answer = self.call(method, *args)
            said = answer.get("error", {}).get("data", {})
            sentence = said.get("name", "").startswith(("odoo.exceptions.", "odoo.addons.event_"))
            read_of_none = method == "read" and answer.get("result") == []
            if not read_of_none and (not sentence or "\n" in said["message"]):
                wrong.append(f"{method} {args}: {answer}"[-300:])
        self.assertFalse(wrong, "\n".join(wrong))
        events = self.env["event.store"].search([("aggregate_id", "=", "W1")])
        self.assertEqual(events.mapped("payload"), [{"amount": 1}])
