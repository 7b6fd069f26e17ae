import itertools
from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.event_sourcing_history.models import event_timeline
from odoo.addons.test_event_sourcing.common import EventCase, make_user

QUIET = mute_logger("odoo.sql_db", EventStoreFailure.__module__)


class TestTimeline(EventCase):
    """The history of a record as people read it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.timeline = cls.env["event.timeline"].with_context(lang="en_US", tz="Asia/Tokyo")

    def page(self, aggregate_id="C1", model_name="counter", **options):
        domain = [("model_name", "=", model_name), ("aggregate_id", "=", aggregate_id)]
        stream = self.env["event.stream"].search(domain)
        return self.timeline.page("event.stream", stream.id, **options)

    def entries(self, *args, **options):
        return self.page(*args, **options)["entries"]

    def rental(self, *events):
        for event_type, payload in events:
            self.store.append("rental", "R-T", event_type, payload)
        return self.entries("R-T", "rental")

    def test_what_who_when_and_what_it_changed(self):
        price = {"monthly_price": 12000}
        entries = self.rental(("RentalPlanned", price), ("PriceChanged", {"monthly_price": 10000}))
        newest = entries[0]
        self.assertEqual((newest["label"], newest["kind"]), ("Price changed", "applied"))
        self.assertEqual(newest["icon"], "fa-tag")
        self.assertEqual(newest["who"], self.env.user.name)
        self.assertEqual(
            newest["changes"],
            [{"label": "Lines › 1 › Price", "before": "12,000", "after": "10,000"}],
        )
        self.assertFalse(newest["values"])
        self.assertIn(
            {"label": "Lines › 1 › Price", "before": "—", "after": "12,000"}, entries[1]["changes"]
        )

    def test_what_says_nothing_of_a_line_or_an_invoice_is_left_out(self):
        product = self.env["product.product"].create({"name": "Lift"})
        line = {"product_id": product.id, "quantity": 2, "price": 5}
        entries = self.rental(
            ("RentalPlanned", {"lines": {"1": line}}),
            ("RentalConfirmed", {}),
            ("EquipmentDelivered", {"lines": {"1": {"quantity": 2}}}),
            ("RentalInvoiced", {"amount": 10.0}),
        )
        changes = [{row["label"]: row["after"] for row in entry["changes"]} for entry in entries]
        invoiced, delivered, _confirmed, planned = changes
        self.assertEqual(planned["Lines › 1 › Quantity"], "2")
        self.assertNotIn("Lines › 1 › Delivered", planned)
        self.assertEqual(delivered["Lines › 1 › Delivered"], "2")
        self.assertEqual(invoiced["Invoices › 1 › Amount"], "10")
        self.assertNotIn("Invoices › 1 › Version", invoiced)

    def test_a_status_reads_in_words(self):
        entries = self.rental(("DemoStarted", {"demo_end": "2099-01-31"}))
        changes = {row["label"]: (row["before"], row["after"]) for row in entries[0]["changes"]}
        self.assertEqual(changes["Status"], ("Draft", "Demo"))

    def test_a_reason_reads_in_the_language_of_whoever_looks(self):
        self.store.with_context(lang="en_US").append("rental", "R-T", "DemoCancelled")
        self.timeline = self.timeline.with_context(lang="ja_JP")
        reason = self.entries("R-T", "rental")[0]["reason"]
        self.assertRegex(reason, "デモ")

    def test_a_refusal_has_its_reason_and_what_was_asked(self):
        entries = self.rental(("DemoCancelled", {"reason": "予算"}))
        self.assertEqual(entries[0]["kind"], "rejected")
        self.assertIn("not in a demo", entries[0]["reason"])
        self.assertEqual(entries[0]["values"], [{"label": "Reason", "value": "予算"}])
        self.assertFalse(entries[0]["changes"])

    @QUIET
    def test_a_fault_is_red_and_the_next_event_is_right(self):
        self.add(amount=2)
        self.store.append("counter", "C1", "Broken")
        self.add(amount=3)
        entries = self.entries()
        self.assertEqual([entry["kind"] for entry in entries], ["applied", "failed", "applied"])
        total = [row for row in entries[0]["changes"] if row["label"] == "Total"]
        self.assertEqual(total, [{"label": "Total", "before": "2", "after": "5"}])
        self.assertIn("KeyError", entries[1]["reason"])

    def test_the_day_and_time_are_those_of_whoever_looks(self):
        self.add(timestamp=datetime(2026, 3, 4, 16, 30))
        entry = self.entries()[0]
        # Newer versions of Babel put a narrow space there.
        clock = entry["time"].replace("\u202f", " ")
        self.assertEqual((entry["day"], clock), ("Thursday, March 5, 2026", "1:30 AM"))
        self.timeline = self.timeline.with_context(lang="ja_JP")
        entry = self.entries()[0]
        self.assertEqual((entry["day"], entry["time"]), ("2026年3月5日木曜日", "1:30"))

    def test_pages_give_everything_once(self):
        for number in range(25):
            self.add(amount=-99 if number % 5 == 0 else 1)
        entries, more = [], False
        while True:
            page = self.page(before=more, limit=4)
            self.assertEqual("counts" in page, not more)
            entries, more = entries + page["entries"], page["more"]
            if not more:
                break
        self.assertEqual([entry["version"] for entry in entries], [*range(25, 0, -1)])
        whole = self.entries(limit=200)
        self.assertEqual(entries, whole)
        # Each change begins where the one before it ended.
        totals = [r for e in reversed(whole) for r in e["changes"] if r["label"] == "Total"]
        for first, second in itertools.pairwise(totals):
            self.assertEqual(first["after"], second["before"])

    def test_one_kind_alone(self):
        for amount in (1, -5, 1, -7):
            self.add(amount=amount)
        page = self.page(kinds=["rejected"])
        self.assertEqual([entry["version"] for entry in page["entries"]], [4, 2])
        self.assertEqual((page["counts"]["applied"], page["counts"]["rejected"]), (2, 2))
        self.assertFalse(page["more"])

    def test_an_attempt_that_was_only_recorded_stands_where_it_was_made(self):
        self.add(amount=1)
        self.add(amount=-5)
        failure = self.failures()
        # As reject_and_record leaves it: the version is taken by another event.
        self.env.cr.execute(
            "UPDATE event_store SET failed_event_id = NULL, causation_id = 'gone' WHERE id = %s",
            [failure.id],
        )
        self.env.invalidate_all()
        entries = self.entries()
        self.assertEqual(
            [entry["id"] for entry in entries if entry["id"] == failure.id], [failure.id]
        )
        entry = next(entry for entry in entries if entry["id"] == failure.id)
        self.assertEqual((entry["label"], entry["kind"]), ("Added", "rejected"))
        self.assertEqual(entry["values"], [{"label": "amount", "value": "-5"}])
        self.assertNotIn(failure.id, [e["id"] for e in self.entries(kinds=["applied"])])

    def test_where_folding_takes_too_long_it_says_what_the_events_say(self):
        for amount in (1, 2, 3):
            self.add(amount=amount)
        with patch.object(event_timeline, "PATIENCE", -1):
            for _time in range(2):  # the database's cursor was closed
                entries = self.entries()
                self.assertEqual([entry["changes"] for entry in entries], [[], [], []])
                self.assertEqual(entries[0]["values"], [{"label": "amount", "value": "3"}])

    def test_long_and_many_values_are_cut(self):
        payload = {f"key{number}": "長" * 1000 for number in range(60)}
        self.store.append("nobody.knows", "N1", "ThingHappened", payload)
        entry = self.entries("N1", "nobody.knows")[0]
        self.assertEqual(len(entry["values"]), 12)
        self.assertEqual(entry["hidden"], "and 48 more")
        self.assertTrue(all(len(row["value"]) <= 300 for row in entry["values"]))
        self.assertEqual((entry["label"], entry["kind"]), ("Thing Happened", "logged"))

    def test_from_a_business_record_and_from_a_snapshot(self):
        product = self.env["product.product"].create({"name": "P", "rental_price_month": 10})
        order = self.env["rental.order"].create(
            {"partner_id": self.env.user.partner_id.id, "product_id": product.id}
        )
        for model, record in (("rental.order", order), ("rental.snapshot", order.snapshot_id)):
            entries = self.timeline.page(model, record.id)["entries"]
            self.assertEqual([entry["label"] for entry in entries], ["Rental planned"])

    def test_records_without_a_history(self):
        for model, record_id in (("res.partner", 1), ("event.stream", 0), ("no.model", 1)):
            with self.assertRaises(UserError):
                self.timeline.page(model, record_id)

    def test_not_without_the_right(self):
        self.add()
        stream = self.env["event.stream"].search([("model_name", "=", "counter")], limit=1)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        for user in (
            make_user(self.env, "timeline-nobody"),
            make_user(self.env, "timeline-else", "user", company=other),
        ):
            with self.assertRaises(AccessError):
                self.timeline.with_user(user).page("event.stream", stream.id)

    def test_as_many_queries_for_many_events_as_for_few(self):
        def queries(count, aggregate_id):
            self.store.append_batch(
                [
                    {
                        "model_name": "counter",
                        "aggregate_id": aggregate_id,
                        "event_type": "Added",
                        "payload": {"amount": 1},
                    }
                ]
                * count
            )
            self.env.flush_all()
            self.env.invalidate_all()
            self.entries(aggregate_id)  # what is cached once
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.entries(aggregate_id)
            return self.env.cr.sql_log_count - before

        few = queries(30, "FEW")
        self.assertLessEqual(queries(900, "MANY"), few)
