"""Documents on the screen, and the way to the business record."""

from odoo.exceptions import AccessError, UserError

from odoo.addons.test_event_sourcing.common import EventCase, make_user


class DocumentCase(EventCase):
    def event(self, event_type="Opened", payload=None, aggregate_id="T1", model_name="ticket"):
        answer = self.store.append(model_name, aggregate_id, event_type, payload)
        return self.store.browse(answer["id"])

    def rows(self, event, field="payload", user=None):
        document = self.env["event.document"].with_user(user or self.env.user)
        rows = document.describe(event._name, event.id, field)["rows"]
        return {row["label"]: row["value"] for row in rows}


class TestRows(DocumentCase):
    def test_labels_kinds_and_order(self):
        partner = self.env["res.partner"].create({"name": "東京建機"})
        payload = {
            "zone": "北",
            "urgent": True,
            "due": "2026-02-03",
            "title": "壊れた",
            "partner_id": partner.id,
            "price": 125000.5,
            "hours": 3,
        }
        rows = self.rows(self.event(payload=payload))
        self.assertEqual(
            rows,
            {
                "What is wrong": "壊れた",
                "due": "02/03/2026",
                "hours": "3",
                "price": "125,000.5",
                "urgent": "Yes",
                "Customer": "東京建機",
                "zone": "北",
            },
        )
        labels = list(rows)
        self.assertEqual((labels[0], labels[-1]), ("What is wrong", "zone"))

    def test_nested_values_have_a_path(self):
        payload = {
            "title": "x",
            "lines": [{"sku": "A", "ok": False}, {"sku": None}],
            "tags": ["a", "b"],
            "none": {},
        }
        rows = self.rows(self.event(payload=payload))
        self.assertEqual(rows["Parts › 1 › sku"], "A")
        self.assertEqual(rows["Parts › 1 › ok"], "No")
        self.assertEqual(rows["Parts › 2 › sku"], "—")
        self.assertEqual(rows["tags"], "a\nb")
        self.assertEqual(rows["none"], "—")

    def test_moments_in_the_zone_of_the_reader(self):
        reader = make_user(self.env, "rows-tokyo", "user")
        reader.tz = "Asia/Tokyo"
        event = self.event(payload={"title": "x", "called": "2026-02-03 20:00:00"})
        self.assertEqual(self.rows(event, user=reader)["called"], "02/04/2026 05:00:00")

    def test_moments_in_the_zone_of_the_browser(self):
        event = self.event(payload={"title": "x", "called": "2026-02-03T20:00"})
        document = self.env["event.document"].with_context(tz="Asia/Tokyo")
        rows = document.describe("event.store", event.id, "payload")["rows"]
        self.assertEqual(rows[1]["value"], "02/04/2026 05:00:00")

    def test_text_that_only_looks_like_a_date_stays(self):
        event = self.event("Free", {"a": "2026-99-99", "b": "2026-01-31x"}, model_name="machine")
        self.assertEqual(self.rows(event), {"a": "2026-99-99", "b": "2026-01-31x"})

    def test_large_numbers_are_not_rounded(self):
        event = self.event("Free", {"n": 12345678901234567890}, model_name="machine")
        described = self.env["event.document"].describe("event.store", event.id, "payload")
        self.assertIn("12345678901234567890", described["text"])
        self.assertEqual(described["rows"][0]["value"], "12345678901234567890")

    def test_json_is_readable_japanese(self):
        event = self.event("Free", {"金額": "東京"}, model_name="machine")
        text = self.env["event.document"].describe("event.store", event.id, "payload")["text"]
        self.assertEqual(text, '{\n  "金額": "東京"\n}')

    def test_words_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        document = self.env["event.document"].with_context(lang="ja_JP")
        self.assertEqual(
            document._rows({"ok": True}, document._labels("machine"))[0]["value"], "はい"
        )

    def test_long_documents_are_cut(self):
        event = self.event("Free", {f"k{n}": n for n in range(700)}, model_name="machine")
        rows = self.env["event.document"].describe("event.store", event.id, "payload")["rows"]
        self.assertEqual(len(rows), 501)
        self.assertIn("200", rows[-1]["value"])

    def test_state_of_a_snapshot(self):
        self.add(amount=7)
        rows = self.rows(self.snapshot(), "state")
        self.assertEqual((rows["Status"], rows["Total"]), ("Open", "7"))

    def test_a_failure_event(self):
        self.add(amount=-1)
        rows = self.rows(self.failures())
        self.assertEqual(rows["Event Attempted"], "Added")
        self.assertEqual(rows["Payload of the Attempt › amount"], "-1")

    def test_empty_payload_conflict_and_plain_handler(self):
        for model_name in ("article", "machine"):
            self.assertEqual(self.rows(self.event("Free", {}, "X", model_name)), {})
        document = self.env["event.document"]
        self.assertEqual(
            document._rows({"a": 1}, document._labels("twice")),
            [{"key": "a", "label": "a", "value": "1"}],
        )

    def test_only_json_fields_of_readable_records(self):
        event = self.event(payload={"title": "x"})
        asked = (("event.store", "event_uuid"), ("event.store", "x"), ("no.model", "x"))
        for model, field in asked:
            with self.assertRaises(UserError):
                self.env["event.document"].describe(model, event.id, field)
        outsider = make_user(self.env, "rows-outsider")
        with self.assertRaises(AccessError):
            self.rows(event, user=outsider)

    def test_a_record_that_the_reader_may_not_see_is_a_number(self):
        partner = self.env["res.partner"].create({"name": "Secret"})
        self.env["ir.rule"].create(
            {
                "name": "all but this one",
                "model_id": self.env["ir.model"]._get("res.partner").id,
                "domain_force": f"[('id', '!=', {partner.id})]",
            }
        )
        event = self.event(payload={"title": "x", "partner_id": partner.id})
        reader = make_user(self.env, "rows-reader", "user")
        self.assertEqual(self.rows(event, user=reader)["Customer"], str(partner.id))


class TestSources(DocumentCase):
    def test_business_record(self):
        ticket = self.env["test.ticket"].create({"name": "T7"})
        reader = make_user(self.env, "links-reader", "user")
        event = self.event(aggregate_id="T7", payload={"title": "x"}).with_user(reader)
        action = event.action_open_source()
        self.assertEqual((action["res_model"], action["res_id"]), ("test.ticket", ticket.id))
        self.assertEqual(event.source_name, "T7")

    def test_no_business_record(self):
        for event in (
            self.event(aggregate_id="gone", payload={"title": "x"}),
            self.event("Free", model_name="machine"),
            self.store.browse(self.add()["id"]),
        ):
            self.assertFalse(event.source_id)
            self.assertFalse(event.action_open_source())

    def test_business_record_that_the_user_may_not_read(self):
        self.env["test.ticket"].create({"name": "T8"})
        event = self.event(aggregate_id="T8", payload={"title": "x"})
        reader = make_user(self.env, "links-blind", "user")
        self.env["ir.rule"].create(
            {
                "name": "none",
                "model_id": self.env["ir.model"]._get("test.ticket").id,
                "domain_force": "[(0, '=', 1)]",
            }
        )
        self.assertFalse(event.with_user(reader).source_id)
        self.env["ir.model.access"].search([("model_id.model", "=", "test.ticket")]).unlink()
        self.env.invalidate_all()
        self.assertFalse(event.with_user(reader).source_id)
