"""Units: one piece of a product each, with a life of its own."""

import base64
from datetime import date, timedelta
from hashlib import sha256

import openpyxl

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.modules.module import get_module_path
from odoo.tests import Form

from odoo.addons.event_sourcing.testing import lint_handler
from odoo.addons.test_event_sourcing.common import EventCase, make_user

USER = "rental_event_sourcing.rental_order_group_user"
MANAGER = "rental_event_sourcing.rental_order_group_manager"
# A picture of one pixel.
PIXEL = (
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
    "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class UnitCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        products = cls.env["product.product"]
        cls.drone = products.create(
            {"name": "Drone", "default_code": "DR", "rental_counting": "serial"}
        )
        cls.chair = products.create({"name": "Chair"})
        cls.units = cls.env["rental.unit"]

    def unit(self, serial="DR-1", **vals):
        vals = {"product_id": self.drone.id, "serial_number": serial, **vals}
        return self.units.create(vals)

    def acquire(self, serial, **payload):
        payload = {"serial_number": serial, "product_id": self.drone.id, **payload}
        name = f"{payload['product_id']}/{serial}"
        return self.store.append("rental_unit", name, "UnitAcquired", payload, policy="record")

    def history(self, unit):
        return self.stream(unit.name, "rental_unit")


class TestRules(UnitCase):
    def test_the_handler_is_declared_well(self):
        handlers = self.env["snapshot.handler.registry"]
        for name in ("rental_unit", "rental_stock"):
            handler = handlers.get_handler(name)
            self.assertIsNotNone(handler)
            self.assertFalse(handlers._problems_of(handler._name))
        self.assertEqual(lint_handler(self.env, "rental_unit", []), [])

    def test_statuses(self):
        unit = self.unit(cost=1000, acquired_on="2026-01-31")
        self.assertEqual((unit.status, unit.name), ("in_order", f"{self.drone.id}/DR-1"))
        snapshot = unit.snapshot_id
        self.assertEqual(
            (snapshot.product_id, snapshot.serial_number, snapshot.cost, snapshot.acquired_on),
            (self.drone, "DR-1", 1000, date(2026, 1, 31)),
        )
        unit._apply_event("MaintenanceStarted", {"reason": "Check", "expected_end": "2999-01-01"})
        self.assertEqual((unit.status, unit.maintenance_reason), ("maintenance", "Check"))
        self.assertEqual(unit.maintenance_until, date(2999, 1, 1))
        unit._apply_event("UnitDamaged", {"description": "Cracked"})
        self.assertEqual((unit.status, unit.damaged, unit.damage_count), ("maintenance", True, 1))
        unit._apply_event("MaintenanceEnded")
        self.assertEqual((unit.status, unit.damaged), ("in_order", False))
        self.assertFalse(unit.maintenance_since or unit.maintenance_until)
        self.assertEqual(unit.last_damage, "Cracked")
        unit._apply_event("UnitRetired", {"reason": "Sold"})
        self.assertEqual((unit.status, unit.retire_reason), ("retired", "Sold"))
        for event_type, payload, sentence in (
            ("MaintenanceStarted", {}, "Maintenance of a retired unit cannot be started."),
            ("MaintenanceEnded", {}, "A retired unit has no maintenance to end."),
            ("UnitDamaged", {"description": "x"}, "Damage cannot be recorded for a retired unit."),
            ("UnitRetired", {"reason": "x"}, "A retired unit cannot be retired."),
            (
                "UnitAcquired",
                {"serial_number": "DR-1", "product_id": self.drone.id},
                "A retired unit cannot be acquired again.",
            ),
        ):
            with self.subTest(event_type=event_type):
                event = unit._apply_event(event_type, payload, policy="record")
                self.assertEqual((event.outcome, event.error_message), ("rejected", sentence))

    def test_refusals(self):
        unit = self.unit()
        today = self.units._today()
        for event_type, payload, sentence in (
            ("UnitDamaged", {"description": "  "}, "Description is missing."),
            ("UnitDamaged", {"description": "x", "photo_hash": "abc"}, "is its SHA-256"),
            ("UnitRetired", {}, "Reason is missing."),
            ("UnitRetired", {"reason": " "}, "Reason is missing."),
            (
                "MaintenanceStarted",
                {"expected_end": str(today - timedelta(days=1))},
                "before it starts on",
            ),
        ):
            with self.subTest(payload=payload):
                event = unit._apply_event(event_type, payload, policy="record")
                self.assertEqual(event.outcome, "rejected")
                self.assertIn(sentence, event.error_message)

    def test_refused_purchases(self):
        for serial, payload, sentence in (
            (" S", {}, "no blanks at its ends"),
            ("S" * 65, {}, "at most 64 characters"),
            ("S", {"product_id": self.chair.id}, "Chair is counted by quantity"),
            ("S", {"cost": -1}, "at least 0"),
            ("S", {"cost": 1.001}, "more decimals"),
        ):
            with self.subTest(serial=serial, payload=payload):
                answer = self.acquire(serial, **payload)
                self.assertEqual(answer["outcome"], "rejected", answer)
                self.assertIn(sentence, answer["message"])
        payload = {"serial_number": "S", "product_id": self.drone.id}
        answer = self.store.append("rental_unit", "S", "UnitAcquired", payload, policy="record")
        self.assertIn(f"must be {self.drone.id}/S", answer["message"])
        answer = self.acquire("S", product_id=2**30)
        self.assertEqual(answer["message"], f"There is no product with the id {2**30}.")
        self.assertFalse(self.units.search([("serial_number", "=", "S")]))

    def test_refusals_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        unit = self.unit().with_context(lang="ja_JP")
        handler = self.env["rental.unit.snapshot.handler"].with_context(lang="ja_JP")
        labels = (
            *handler._event_labels().values(),
            *handler._event_help().values(),
            *handler._payload_labels().values(),
            *handler._payload_help().values(),
            *handler._rule_labels().values(),
            *handler._status_labels().values(),
        )
        event = unit._apply_event("MaintenanceEnded", policy="record")
        for text in (*labels, event.error_message, handler._records_label()):
            self.assertRegex(text, r"[\u3040-\u30ff\u4e00-\u9fff]")


class TestUnits(UnitCase):
    def test_a_serial_number_is_there_once_per_company_and_product(self):
        self.unit()
        other = self.env["product.product"].create({"name": "O", "rental_counting": "serial"})
        self.unit(product_id=other.id)
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.units.with_company(company).create(
            {"product_id": self.drone.id, "serial_number": "DR-1"}
        )
        with self.assertRaisesRegex(UserError, "are there already: DR-1"):
            self.unit(" DR-1 ")
        answer = self.acquire("DR-1")
        self.assertEqual(answer["message"], "A unit in order cannot be acquired again.")

    def test_what_came_over_rpc_has_its_record(self):
        self.assertEqual(self.acquire("RPC-1", cost=5)["outcome"], "applied")
        unit = self.units.search([("serial_number", "=", "RPC-1")])
        self.assertEqual((unit.product_id, unit.cost, unit.status), (self.drone, 5, "in_order"))
        self.assertEqual(unit.snapshot_id.aggregate_id, unit.name)
        batch = [
            {
                "model_name": "rental_unit",
                "aggregate_id": f"{self.drone.id}/B{number}",
                "event_type": "UnitAcquired",
                "payload": {"serial_number": f"B{number}", "product_id": self.drone.id},
            }
            for number in range(5)
        ]
        self.store.append_batch(batch)
        found = self.units.search([("serial_number", "=like", "B_")])
        self.assertEqual(found.mapped("status"), ["in_order"] * 5)

    def test_a_record_that_is_lost_comes_back_with_the_rebuild(self):
        unit = self.unit()
        name = unit.name
        self.env.cr.execute("DELETE FROM rental_unit WHERE id = %s", [unit.id])
        self.env.invalidate_all()
        self.units._snapshots_changed([self.key(name)])
        self.assertEqual(self.units.search([("name", "=", name)]).serial_number, "DR-1")

    def test_facts_of_the_purchase_stay(self):
        unit = self.unit(cost=5)
        for vals in ({"cost": 6}, {"serial_number": "X"}, {"product_id": self.chair.id}):
            with self.subTest(vals=vals), self.assertRaisesRegex(UserError, "and stay"):
                unit.write(vals)
        for vals in ({"status": "retired"}, {"name": "X"}):
            with self.assertRaisesRegex(UserError, "cannot be set"):
                unit.write(vals)
        unit.write({"barcode": "490", "cost": 5})
        self.assertEqual(len(self.history(unit)), 1)
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            unit.unlink()
        with self.assertRaisesRegex(UserError, "cannot be deleted"):
            self.drone.unlink()

    def test_found_by_serial_number_and_barcode(self):
        unit = self.unit(barcode="4901234567894")
        for text in ("DR-1", "4901234567894"):
            found = [pair[0] for pair in self.units.name_search(text)]
            self.assertEqual(found, unit.ids)

    def test_a_barcode_is_of_one_unit(self):
        self.unit(barcode="490")
        other = self.unit("DR-2")
        with self.assertRaisesRegex(UserError, "DR-1 has the barcode 490 already"):
            with self.env.cr.savepoint():
                other.barcode = "490"
        other.barcode = False
        company = self.env["res.company"].create({"name": "Elsewhere"})
        vals = {"product_id": self.drone.id, "serial_number": "DR-1", "barcode": "490"}
        self.assertTrue(self.units.with_company(company).create(vals))

    def test_rights(self):
        unit = self.unit()
        clerk = make_user(self.env, "unit-clerk", USER)
        keeper = make_user(self.env, "unit-keeper", MANAGER)
        reader = make_user(self.env, "unit-reader", "user")
        unit.with_user(clerk).action_end_maintenance()
        vals = {"product_id": self.drone.id, "serial_number": "NEW"}
        with self.assertRaises(AccessError):
            self.units.with_user(clerk).create(vals)
        self.units.with_user(keeper).create(vals)
        self.assertEqual(unit.with_user(reader).status, "in_order")
        with self.assertRaises(AccessError):
            unit.with_user(reader).action_end_maintenance()
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = make_user(self.env, "unit-stranger", MANAGER, company=company)
        self.assertFalse(self.units.with_user(stranger).search([("id", "=", unit.id)]))


class TestActions(UnitCase):
    def test_what_needs_no_more_is_recorded_and_told(self):
        units = self.unit("A") + self.unit("B")
        units[0]._apply_event("MaintenanceStarted")
        told = units[0].action_end_maintenance()
        self.assertEqual(units.mapped("status"), ["in_order", "in_order"])
        self.assertEqual(told["tag"], "event_sourcing_tell")  # it leaves by itself
        self.assertEqual(told["params"]["message"], "Maintenance of A ended.")
        params = units[1].action_end_maintenance()["params"]
        self.assertEqual((params["type"], params["title"][:12]), ("warning", "Not possible"))
        self.assertEqual(params["message"], "B: A unit in order has no maintenance to end.")
        with self.assertRaisesRegex(UserError, "Select at least one unit"):
            self.units.action_retire()
        with self.assertRaisesRegex(UserError, "Units know no event"):
            units.action_record_event("Sold")

    def wizard(self, action, **vals):
        wizards = self.env["rental.unit.wizard"].with_context(**action["context"])
        form = Form(wizards)
        for name, value in vals.items():
            form[name] = value
        return form.save().action_record()

    def test_many_are_told_before_what_will_be_done(self):
        units = self.unit("A") + self.unit("B") + self.unit("C")
        units[0]._apply_event("MaintenanceStarted")
        context = units.action_end_maintenance()["context"]
        wizard = self.env["rental.unit.wizard"].with_context(**context).create({})
        self.assertEqual(
            wizard.forecast,
            "1 will be done, 2 not:\nB, C: A unit in order has no maintenance to end.",
        )
        self.assertEqual(wizard.refused_count, 2)
        self.assertEqual(units.mapped("status"), ["maintenance", "in_order", "in_order"])
        params = wizard.action_record()["params"]
        self.assertEqual(params["message"], "Maintenance of A ended.")
        # What was announced as not possible is no attempt.
        self.assertEqual(units.mapped("rejected_event_count"), [0, 0, 0])

    def test_a_dialog_about_units_keeps_what_was_typed(self):
        units = self.unit("A") + self.unit("B")
        units._apply_event("UnitRetired", {"reason": "Sold"})
        counts = units.mapped("event_count")
        for some in (units, units[0]):
            action = some.action_start_maintenance()
            wizard = self.env["rental.unit.wizard"].with_context(**action["context"]).create({})
            wizard.reason = "Check"
            self.assertIn("retired", wizard.forecast)
            with self.assertRaisesRegex(UserError, "retired"):
                wizard.action_record()
            self.assertEqual(wizard.reason, "Check")
        self.assertEqual(units.mapped("event_count"), counts)

    def test_reasons_are_asked_for_many_as_for_one(self):
        units = self.unit("A") + self.unit("B")
        end = self.units._today() + timedelta(days=3)
        self.wizard(units.action_start_maintenance(), reason="Check", expected_end=end)
        self.assertEqual(units.mapped("status"), ["maintenance"] * 2)
        self.assertEqual(units.mapped("maintenance_until"), [end, end])
        told = self.wizard(units.action_retire(), reason="Sold")["params"]
        self.assertEqual(told["message"], "2 units retired: A, B.")
        wizard = self.env["rental.unit.wizard"].create(
            {"event_type": "UnitRetired", "unit_ids": units.ids, "reason": " "}
        )
        with self.assertRaisesRegex(UserError, "Say why"):
            wizard.action_record()

    def test_the_photo_of_a_damage_is_kept_and_its_hash_is_in_the_event(self):
        unit = self.unit()
        self.wizard(unit.action_report_damage(), description="Cracked", photo=PIXEL)
        photo = self.env["ir.attachment"].search(
            [("res_model", "=", "rental.unit"), ("res_id", "=", unit.id)]
        )
        event = self.store.search([("event_type", "=", "UnitDamaged")], limit=1)
        self.assertEqual(event.payload["photo_hash"], sha256(photo.raw).hexdigest())
        self.assertEqual(base64.b64encode(photo.raw).decode()[:10], PIXEL[:10])


class TestAddUnits(UnitCase):
    def add(self, **vals):
        wizard = self.env["rental.add.units"].create({"product_id": self.drone.id, **vals})
        return self.units.search(wizard.action_add()["domain"], order="id")

    def test_a_list_that_was_pasted(self):
        units = self.add(serial_numbers=" A1\r\nA2 \n\n\tA3\n", cost=7, acquired_on="2026-01-31")
        self.assertEqual(units.mapped("serial_number"), ["A1", "A2", "A3"])
        self.assertEqual(units.mapped("cost"), [7, 7, 7])
        for unit in units:
            self.assertEqual(self.history(unit), [(1, "applied")])

    def test_duplicates_are_named_and_nothing_is_stored(self):
        self.add(serial_numbers="A1\nA2")
        before = self.store.search_count([("model_name", "=", "rental_unit")])
        for text, sentence in (
            ("B1\nA1\nA2", "are there already: A1, A2."),
            ("B1\nB2\nB1\nB2\nB3", "given more than once: B1, B2."),
            ("B1\n" + "B" * 65, "at most 64 characters"),
            (" \n", "Enter at least one serial number"),
        ):
            with self.subTest(text=text), self.assertRaisesRegex(UserError, sentence):
                with self.env.cr.savepoint():
                    self.add(serial_numbers=text)
        self.assertFalse(self.units.search([("serial_number", "=like", "B_")]))
        found = self.store.search_count([("model_name", "=", "rental_unit")])
        self.assertEqual(found, before)

    def test_as_many_as_wanted_one_after_the_other(self):
        self.unit("DR-0007")
        self.unit("DR-X")
        units = self.add(numbering="count", count=3)
        self.assertEqual(units.mapped("serial_number"), ["DR-0008", "DR-0009", "DR-0010"])
        for count in (0, 1001):
            with self.assertRaisesRegex(UserError, "from 1 to 1000"):
                self.add(numbering="count", count=count)

    def test_a_unit_more_costs_one_statement(self):
        # Each unit names its own snapshot; all else is done for all of them together.
        counts = []
        for prefix, number in (("W-", 10), ("X-", 10), ("Y-", 60)):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.add(numbering="count", prefix=prefix, count=number)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        self.assertLess(counts[2], counts[1] + 50 + 5, counts)

    def test_the_import_template_can_be_imported(self):
        self.env["product.product"].create({"name": "Survey drone X", "rental_counting": "serial"})
        for model, row in (
            ("rental.unit", ["Survey drone X", "DRN-07-0101", "2026-01-31", "480000", "49"]),
            ("rental.stock", ["Chair", "200"]),
        ):
            [template] = self.env[model].get_import_templates()
            path = template["template"].removeprefix("/rental_event_sourcing")
            book = openpyxl.load_workbook(get_module_path("rental_event_sourcing") + path)
            names = {f.string: name for name, f in self.env[model]._fields.items()}
            head = [names[cell.value] for cell in book.active[1]]
            found = self.env[model].load(head, [row])
            self.assertFalse(found["messages"], found)
            record = self.env[model].browse(found["ids"])
            self.assertEqual(self.stream(record.name, record._aggregate_model), [(1, "applied")])


class TestHistory(UnitCase):
    def setUp(self):
        super().setUp()
        for serial, day in (("H1", 1), ("H2", 10)):
            payload = {"serial_number": serial, "product_id": self.drone.id, "cost": 9}
            name = f"{self.drone.id}/{serial}"
            moment = f"2026-03-{day:02} 12:00:00"
            self.store.append("rental_unit", name, "UnitAcquired", payload, timestamp=moment)
        name = f"{self.drone.id}/H1"
        for day, event_type, payload in (
            (5, "MaintenanceStarted", {"reason": "Check"}),
            (20, "MaintenanceEnded", {}),
        ):
            moment = f"2026-03-{day:02} 12:00:00"
            self.store.append("rental_unit", name, event_type, payload, timestamp=moment)

    def ask(self, day, before=None):
        moments = [
            value and self.store._clean_timestamp(f"2026-03-{value:02} 13:00:00")
            for value in (day, before)
        ]
        kind = "compare" if before else "as_of"
        action = self.env["event.job"]._ask(kind, "rental_unit", *moments)
        self.env.flush_all()
        self.env.invalidate_all()
        domain = [*action["domain"], ("aggregate_id", "=like", f"{self.drone.id}/H%")]
        return self.env[action["res_model"]].search(domain, order="aggregate_id")

    def test_as_of(self):
        rows = self.ask(6)
        self.assertEqual(rows._name, "rental.unit.snapshot.as.of")
        self.assertEqual(rows.mapped("status"), ["maintenance"])
        self.assertEqual((rows.product_id, rows.cost, rows.serial_number), (self.drone, 9, "H1"))
        self.assertEqual(rows.acquired_on, date(2026, 3, 1))
        self.assertEqual(self.ask(31).mapped("status"), ["in_order", "in_order"])
        exported = rows.export_data(["serial_number", "product_id", "status"])["datas"]
        self.assertEqual(exported, [["H1", self.drone.display_name, "In maintenance"]])

    def test_comparison(self):
        rows = self.ask(31, before=6)
        found = {(row.aggregate_id, row.kind, row.key or "") for row in rows}
        self.assertIn((f"{self.drone.id}/H1", "changed", "status"), found)
        self.assertIn(f"{self.drone.id}/H2", {row.aggregate_id for row in rows})

    def test_timeline(self):
        unit = self.units.search([("serial_number", "=", "H1")])
        self.assertEqual(unit.event_count, 3)
        self.assertTrue(unit.action_view_as_of())
        self.assertTrue(unit.action_view_events())

    def test_it_is_folded_to_the_same(self):
        name = f"{self.drone.id}/H1"
        state = self.store.state_at("rental_unit", name)
        snapshot = self.units.search([("name", "=", name)]).snapshot_id
        self.assertEqual(state["state_json"], snapshot.state_json)
        self.assertEqual(fields.Date.to_string(snapshot.acquired_on), "2026-03-01")
