"""Other systems: plain values in, plain values out, one sentence when it is refused."""

import json
import xmlrpc.client
from datetime import datetime

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.test_event_sourcing.common import make_user

WARNING, ACCESS = 2, 4
BASE = {"model_name": "counter", "aggregate_id": "C1", "event_type": "Added"}


@tagged("-at_install", "post_install")
class TestXmlRpc(HttpCase):
    def setUp(self):
        super().setUp()
        self.user = make_user(self.env, "shop", "integration")
        self.reader = make_user(self.env, "reader", "user")
        # Odoo's own proxy flushes the test's transaction, but sends no None.
        transport = self.xmlrpc_object("transport")
        self.proxy = xmlrpc.client.ServerProxy(
            f"{self.base_url()}/xmlrpc/2/object", transport=transport, allow_none=True
        )

    def call(self, method, *args, model="event.store", user=None, **kwargs):
        user = user or self.user
        self.env.flush_all()
        return self.proxy.execute_kw(
            self.env.cr.dbname, user.id, user.login, model, method, list(args), kwargs
        )

    def refuse(self, code, pattern, method, *args, **kwargs):
        """Call; the fault must have this code and one sentence, and store nothing."""
        count = self.env["event.store"].search_count([])
        with mute_logger("odoo.http", "odoo.sql_db"):
            with self.assertRaisesRegex(xmlrpc.client.Fault, pattern) as caught:
                self.call(method, *args, **kwargs)
        fault = caught.exception
        self.assertEqual(fault.faultCode, code, fault.faultString)
        self.assertNotIn("Traceback", fault.faultString)
        self.env.invalidate_all()
        self.assertEqual(self.env["event.store"].search_count([]), count)
        return fault.faultString

    def test_append_and_read(self):
        answer = self.call("append", "counter", "C1", "Added", {"amount": 5})
        self.assertEqual((answer["version"], answer["outcome"]), (1, "applied"))
        named = self.call("append", **BASE, payload={"amount": -9}, expected_version=2)
        self.assertEqual(named["outcome"], "rejected")
        self.assertEqual(named["message"], "The total must not fall below zero.")
        self.assertTrue(named["failure_id"])
        stream = self.call("read_stream", "counter", "C1")
        self.assertEqual([event["outcome"] for event in stream], ["applied", "rejected"])
        state = self.call("state_at", "counter", "C1", version=1)
        self.assertEqual((state["version"], state["status"]), (1, "open"))
        self.assertEqual(json.loads(state["state_json"])["total"], 5)

    def test_create_with_a_dict_and_with_a_list(self):
        one = self.call("create", {**BASE, "payload": {"amount": 1}})
        two = self.call("create", [{**BASE, "payload": {"amount": 2}}] * 2)
        self.assertIsInstance(one, int)
        events = self.env["event.store"].browse([one, *two])
        self.assertEqual(events.mapped("version"), [1, 2, 3])
        self.assertEqual(events.create_uid, self.user)

    def test_a_batch(self):
        calls = [{**BASE, "payload": {"amount": amount}} for amount in (1, -5, 2)]
        answers = self.call("append_batch", calls)
        self.assertEqual([a["outcome"] for a in answers], ["applied", "rejected", "applied"])
        self.assertEqual(self.call("append_batch", []), [])

    def test_values_that_xmlrpc_knows_as_none(self):
        answer = self.call(
            "append", "counter", "C1", "Added", {"amount": 1}, None, None, None, None, None, None
        )
        self.assertEqual(answer["outcome"], "applied")
        answer = self.call(
            "append", **BASE, payload={"amount": 1}, expected_version=False, policy=False
        )
        self.assertEqual(answer["version"], 2)

    def test_null_and_large_numbers_travel_as_text(self):
        payload = {"amount": 1, "none": None, "large": 2**40, "東京": "値"}
        answer = self.call("append", **BASE, payload=json.dumps(payload))
        (row,) = self.call("read", [answer["id"]])
        self.assertEqual(json.loads(row["payload_json"]), payload)
        self.assertIs(row["payload"], False)
        (event,) = self.call("read_stream", "counter", "C1")
        self.assertEqual(json.loads(event["payload_json"]), payload)
        domain = [("aggregate_id", "=", "C1")]
        (snapshot,) = self.call("search_read", domain, model="counter.snapshot")
        self.assertEqual(json.loads(snapshot["state_json"])["total"], 1)
        plain = self.call("append", **BASE, payload={"amount": 1})
        (row,) = self.call("read", [plain["id"]], ["payload"])
        self.assertEqual(row["payload"], {"amount": 1})

    def test_digits_that_are_lost_on_the_way(self):
        """A parser of XML-RPC makes doubles before we see them: only JSON text has all digits."""
        written = "0.1234567890123456789"
        arguments = ["counter", "D1", "Added", {"amount": 1, "note": 0.25}]
        login = (self.env.cr.dbname, self.user.id, "shop")
        request = xmlrpc.client.dumps((*login, "event.store", "append", arguments), "execute_kw")
        self.assertIn("<double>0.25</double>", request)
        self.env.flush_all()
        request = request.replace("<double>0.25<", f"<double>{written}<").encode()
        sent = self.url_open("/xmlrpc/2/object", request, headers={"Content-Type": "text/xml"})
        ((answer,), _method) = xmlrpc.client.loads(sent.content)
        self.assertEqual(answer["outcome"], "applied")
        self.env.invalidate_all()
        (event,) = self.call("read_stream", "counter", "D1")
        self.assertEqual(json.loads(event["payload_json"])["note"], 0.12345678901234568)
        payload = f'{{"amount": 1, "note": {written}}}'
        said = "more digits.*send it as text"
        self.refuse(WARNING, said, "append", "counter", "D2", "Added", payload)
        # As a text, and a whole number in JSON text, all of them arrive.
        for value in (f'"{written}"', "12345678901234567890"):
            self.call("append", "counter", "D3", "Added", f'{{"amount": 1, "note": {value}}}')
            event = self.call("read_stream", "counter", "D3")[-1]
            self.assertEqual(json.loads(event["payload_json"])["note"], json.loads(value))

    def test_what_xml_cannot_spell_travels_as_escapes(self):
        for key, text in (("X1", "a\uffffb"), ("X2", "a\x01b")):
            payload = json.dumps({"amount": 1, "note": text})
            self.call("append", "counter", key, "Added", payload)
            (event,) = self.call("read_stream", "counter", key)
            self.assertEqual(json.loads(event["payload_json"])["note"], text)
            found = self.call("state_at", "counter", key)
            self.assertEqual(json.loads(found["state_json"])["trail"], [text])
            (row,) = self.call("read", [event["id"]], ["payload"])
            self.assertIs(row["payload"], False)

    def test_a_date_of_xmlrpc_is_a_time(self):
        moment = xmlrpc.client.DateTime(datetime(2026, 3, 1, 10, 20, 30))
        answer = self.call("append", **BASE, payload={"amount": 1}, timestamp=moment)
        event = self.env["event.store"].browse(answer["id"])
        self.assertEqual(event.timestamp, datetime(2026, 3, 1, 10, 20, 30))

    def test_a_retried_call_is_answered_alike(self):
        first = self.call("append", **BASE, payload={"amount": 1}, event_uuid="key")
        again = self.call("append", **BASE, payload={"amount": 1}, event_uuid="key")
        self.assertEqual(again, {**first, "duplicate": True})

    def test_refusals(self):
        self.call("append", **BASE, payload={"amount": 1})
        moment = xmlrpc.client.DateTime(datetime(2026, 3, 1))
        for pattern, options in (
            ("below zero", {"payload": {"amount": -5}, "policy": "reject"}),
            ("below zero", {"payload": {"amount": -5}, "policy": "reject_and_record"}),
            ("version 1 was expected next", {"expected_version": 1}),
            ("version 7 was expected next", {"expected_version": 7}),
            ("must be a whole number from 1 on", {"expected_version": 0}),
            ("must be a whole number from 1 on", {"expected_version": -1}),
            ("must be a JSON object", {"payload": [1]}),
            ("must be a JSON object", {"payload": "text"}),
            ("when is a (DateTime|datetime)", {"payload": {"when": moment}}),
            ("file is a Binary", {"payload": {"file": xmlrpc.client.Binary(b"x")}}),
            ("policy 'loud' is unknown", {"policy": "loud"}),
            ("not a valid date and time", {"timestamp": "soon"}),
            ("append does not know colour", {"colour": "red"}),
            ("needs aggregate_id", {"aggregate_id": ""}),
            ("cannot be recorded from outside", {"event_type": "InvalidOperationAttempted"}),
        ):
            with self.subTest(pattern=pattern, options=options):
                if options.get("policy") == "reject_and_record":
                    continue  # needs a second connection: tests/concurrency
                sentence = self.refuse(WARNING, pattern, "append", **{**BASE, **options})
                self.assertNotIn("\n", sentence)

    def test_refused_calls_of_create(self):
        for pattern, argument in (
            ("needs model_name", {}),
            ("must be given as", "text"),
            ("must be given as a list", 5),
            ("version 9 was expected", {**BASE, "version": 9}),
            ("outcome cannot be given", {**BASE, "outcome": "applied"}),
            ("An event has no colour", {**BASE, "colour": "red"}),
            ("cannot be recorded from outside", {**BASE, "event_type": "SystemErrorOccurred"}),
        ):
            with self.subTest(pattern=pattern):
                self.refuse(WARNING, pattern, "create", argument)
        self.refuse(WARNING, "must be a list", "append_batch", "text")
        self.refuse(WARNING, "must be a list", "append_batch")
        self.refuse(WARNING, "needs model_name", "append")
        self.refuse(WARNING, "has no version 5", "state_at", "counter", "C1", version=5)
        self.refuse(WARNING, "cannot be replayed", "state_at", "nobody", "N1")
        self.refuse(WARNING, "Two handlers serve", "append", "twice", "T1", "E")
        self.refuse(
            WARNING, "cannot be searched by their payload", "search", [("payload_json", "=", "x")]
        )

    @mute_logger("odoo.addons.event_sourcing.models.event_store_failure")
    def test_a_technical_fault_shows_no_traceback(self):
        answer = self.call("append", "counter", "C1", "Broken")
        self.assertEqual((answer["outcome"], answer["message"]), ("failed", "KeyError: 'missing'"))
        answer = self.call("append", "counter", "C1", "Sql")
        self.assertEqual(answer["message"], "DivisionByZero: division by zero")
        self.refuse(WARNING, "technical error", "append", "counter", "C1", "Sql", policy="reject")

    def test_history_is_not_changed_from_outside(self):
        event_id = self.call("append", **BASE, payload={"amount": 1})["id"]
        admin = make_user(self.env, "root2", "manager", "base.group_system")
        for method, args in (
            ("write", ([event_id], {"payload": {}})),
            ("unlink", ([event_id],)),
            ("copy", (event_id,)),
        ):
            self.refuse(WARNING, "never changed, deleted", method, *args, user=admin)
        stream = self.env["event.stream"].search([("aggregate_id", "=", "C1")])
        for method, args in (("write", (stream.ids, {"version": 5})), ("unlink", (stream.ids,))):
            self.refuse(
                WARNING, "follow their events", method, *args, user=admin, model="event.stream"
            )
        snapshot = self.env["counter.snapshot"].search([("aggregate_id", "=", "C1")])
        self.refuse(
            ACCESS,
            "not allowed",
            "write",
            snapshot.ids,
            {"total": 9},
            user=admin,
            model="counter.snapshot",
        )

    def test_who_has_no_right(self):
        outsider = make_user(self.env, "outsider")
        self.call("append", **BASE, payload={"amount": 1})
        for user in (self.reader, outsider):
            self.refuse(ACCESS, "not allowed", "append", user=user, **BASE)
            self.refuse(ACCESS, "not allowed", "create", BASE, user=user)
        self.refuse(ACCESS, "not allowed", "state_at", "counter", "C1", user=outsider)
        self.refuse(ACCESS, "Private methods|private", "_insert", [BASE])
        self.refuse(ACCESS, "Private methods|private", "_append_all", [BASE])
        self.refuse(
            ACCESS,
            "while Odoo starts",
            "register_handler",
            "counter",
            "unclaimed.rules",
            model="snapshot.handler.registry",
        )

    def test_another_company(self):
        theirs = self.env["res.company"].create({"name": "Theirs"})
        other = make_user(self.env, "other", "integration", company=theirs)
        self.call("append", user=other, **{**BASE, "aggregate_id": "T1"}, payload={"amount": 1})
        self.assertEqual(self.call("read_stream", "counter", "T1"), [])
        self.assertEqual(self.call("state_at", "counter", "T1")["version"], 0)
        for call in ("state_at", "read_stream"):
            sentence = "no access to the company"
            self.refuse(ACCESS, sentence, call, "counter", "T1", company_id=theirs.id)
        answer = self.call("append", **{**BASE, "aggregate_id": "T1"}, payload={"amount": 1})
        self.assertEqual(answer["version"], 1)

    def test_handlers_answer_nothing_that_xmlrpc_cannot_carry(self):
        registry = "snapshot.handler.registry"
        self.assertIs(self.call("get_handler", "nobody", model=registry), False)
        # The model's name on 17.0, the ids of its records, of which there are none, on 19.0.
        found = self.call("get_handler", "counter", model=registry)
        self.assertIn(found, ("counter.snapshot.handler", []))

    def test_a_handler_cannot_be_called_past_the_store(self):
        with mute_logger("odoo.http"), self.assertRaises(xmlrpc.client.Fault):
            self.call("apply_event", [], {"aggregate_id": "C1"}, model="counter.snapshot.handler")
        self.assertFalse(self.env["counter.snapshot"].search([("aggregate_id", "=", "C1")]))

    def test_the_sentence_is_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        self.user.lang = "ja_JP"
        sentence = self.refuse(WARNING, "", "append", **BASE, payload=[1])
        self.assertRegex(sentence, "[ぁ-ん]")
