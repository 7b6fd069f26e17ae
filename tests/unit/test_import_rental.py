"""Files of rentals: what a list exports comes back, and rows of an older schema version."""

import csv
import io

from odoo.addons.event_sourcing_transfer.tests.test_import import TIME, ImportCase, json_lines
from odoo.addons.event_sourcing_transfer.tests.test_restore import RestoreCase


class TestImportOfRentals(ImportCase):
    def listed(self, events, lang):
        """Return a list of events as the backend exports it, with the labels of its columns."""
        names = ["timestamp", "aggregate_label", "aggregate_id", "event_label", "payload"]
        events = events.with_context(lang=lang, tz="Asia/Tokyo")
        labels = events.fields_get(names, ["string"])
        file = io.StringIO()
        writer = csv.writer(file)
        writer.writerow([labels[name]["string"] for name in names])
        writer.writerows(events.export_data(names)["datas"])
        return file.getvalue()

    def test_a_list_that_the_backend_exported(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        for lang, key, event_name in [
            ("ja_JP", "借-1", "デモ開始"),
            ("en_US", "L-2", "Demo started"),
        ]:
            payload = {"demo_start": "2026-02-01"}
            answer = self.store.append("rental", "L-0", "DemoStarted", payload, timestamp=TIME)
            text = self.listed(self.store.browse(answer["id"]), lang)
            self.assertIn(f",L-0,{event_name},", text)
            job = self.run_import(text.replace(",L-0,", f",{key},"), tz="Asia/Tokyo")
            self.assertEqual((self.refused(job), job.stored_count), ([], 1))
            event = self.store.search([("aggregate_id", "=", key)])
            self.assertEqual((event.model_name, event.event_type), ("rental", "DemoStarted"))
            self.assertEqual((str(event.timestamp), event.payload), (TIME, payload))
            # The same file again is known, whatever its words are called by then.
            again = self.run_import(text.replace(",L-0,", f",{key},"), tz="Asia/Tokyo")
            self.assertEqual((again.known_count, again.stored_count), (1, 0))

    def test_rows_of_an_older_schema_version(self):
        head = "model_name,aggregate_id,event_type,timestamp,schema_version,payload.description"
        content = f"{head},payload.cost\nrental,OLD1,DamageReported,2026-01-31,1,Dent,12.5\n"
        self.run_import(content, broken="record")
        event = self.store.search(
            [("aggregate_id", "=", "OLD1"), ("event_type", "=", "DamageReported")]
        )
        self.assertEqual(event.payload, {"description": "Dent", "cost": 12.5})
        self.assertEqual(event.schema_version, 1)


class TestRentalsOfFiles(ImportCase):
    """What a file says of rentals that are not here yet makes them; a check makes none."""

    def rows(self, *names):
        partner = self.env["res.partner"].create({"name": "File Ltd."})
        product = self.env["product.product"].create({"name": "Lift", "rental_ok": True})
        line = {"product_id": product.id, "quantity": 2}
        payload = {"partner_id": partner.id, "lines": {"1": line}}
        return json_lines(
            *(
                {
                    "model_name": "rental",
                    "aggregate_id": name,
                    "event_type": "RentalPlanned",
                    "payload": payload,
                    "timestamp": "2026-01-31 09:00:00",
                    "event_uuid": f"file-{name}",
                }
                for name in names
            )
        )

    def orders(self, prefix):
        return self.env["rental.order"].search([("name", "like", prefix)], order="name")

    def test_a_check_refuses_what_the_import_refuses_of_a_rental_without_a_reference(self):
        rows = self.rows("FN-1", "/")
        checked = self.refused(self.run_import(rows, dry_run=True))
        self.assertEqual([line for line, _reason in checked], [2])
        self.assertIn("stands for a record that has no reference yet", checked[0][1])
        self.assertEqual(self.refused(self.run_import(rows)), checked)

    def test_rentals_of_a_file(self):
        rows = self.rows("FI-1", "FI-2")
        self.assertEqual(self.refused(self.run_import(rows, dry_run=True)), [])
        self.assertFalse(self.orders("FI-"))
        job = self.run_import(rows)
        self.assertEqual((self.refused(job), job.stored_count), ([], 2))
        orders = self.orders("FI-")
        self.assertEqual(orders.mapped("name"), ["FI-1", "FI-2"])
        self.assertEqual(orders.mapped("partner_id.name"), ["File Ltd."])
        self.assertEqual(orders.line_ids.mapped("quantity"), [2, 2])
        # The same file again changes nothing.
        self.assertEqual(self.run_import(rows).known_count, 2)
        self.assertEqual(self.orders("FI-"), orders)


class TestRestoreOfRentals(RestoreCase):
    """An export that comes in elsewhere brings the rentals along."""

    def test_rentals_of_an_export(self):
        product = self.env["product.product"].create({"name": "Lift", "rental_ok": True})
        lines = {"1": {"product_id": product.id, "quantity": 2}}
        for name in ("EX-1", "EX-2"):
            self.store.append("rental", name, "RentalPlanned", {"lines": lines})
        before = [
            (order.name, order.status, order.line_ids.mapped("quantity"))
            for order in self.env["rental.order"].search([("name", "like", "EX-")])
        ]
        export = self.export()
        self.empty()
        self.env.cr.execute("DELETE FROM rental_order WHERE name LIKE 'EX-_'")
        self.env.cr.execute("DELETE FROM rental_snapshot WHERE aggregate_id LIKE 'EX-_'")
        self.env.invalidate_all()
        job = self.restore(export)
        self.assertEqual((job.state, job.refused_count), ("done", 0))
        orders = self.env["rental.order"].search([("name", "like", "EX-")])
        self.assertEqual(
            [(o.name, o.status, o.line_ids.mapped("quantity")) for o in orders], before
        )
        self.assertEqual(orders.snapshot_id.mapped("aggregate_id"), orders.mapped("name"))


class TestUnitsOnPaper(ImportCase):
    """A file says that a unit is with two customers at once; a check tells before it is stored."""

    def setUp(self):
        super().setUp()
        product = self.env["product.product"].create(
            {"name": "Drone", "rental_counting": "serial", "rental_ok": True}
        )
        vals = [{"product_id": product.id, "serial_number": f"D{n}"} for n in (1, 2)]
        self.units = self.env["rental.unit"].create(vals)

    def rental(self, name, start, end):
        line = {"product_id": self.units.product_id.id, "quantity": 1}
        line["unit_ids"] = [self.units[0].name]
        planned = {"planned_start": start, "planned_end": end, "lines": {"1": line}}
        days = (("RentalPlanned", planned), ("RentalConfirmed", {}), ("EquipmentDelivered", {}))
        for number, (event_type, payload) in enumerate(days):
            yield {
                "model_name": "rental",
                "aggregate_id": name,
                "event_type": event_type,
                "payload": payload,
                "timestamp": f"{start} 0{number}:00:00",
                "event_uuid": f"paper-{name}-{number}",
            }

    def test_a_unit_that_is_out_twice(self):
        first = list(self.rental("PA1", "2026-02-02", "2026-02-10"))
        second = list(self.rental("PA2", "2026-02-09", "2026-02-20"))
        rows = json_lines(*first, *second)
        for dry_run in (True, False):
            job = self.run_import(rows, dry_run=dry_run)
            confirmed, delivered = self.refused(job)
            self.assertEqual((confirmed[0], delivered[0]), (5, 6))
            self.assertIn("The unit D1 is booked by PA1 from", confirmed[1])
            self.assertEqual(job.stored_count, 0)
        job = self.run_import(rows, broken="record")
        self.assertEqual((job.state, job.stored_count), ("done", 6))
        known = self.env["event.boundary"].state_at("rental.unit", self.units[0].name)["state"]
        self.assertEqual(list(known["out"]), ["PA1"])

    def test_one_after_the_other(self):
        first = list(self.rental("PB1", "2026-02-02", "2026-02-10"))
        back = {**first[-1], "event_type": "EquipmentReturned", "event_uuid": "paper-PB1-back"}
        back["timestamp"] = "2026-02-10 09:00:00"
        second = list(self.rental("PB2", "2026-02-10", "2026-02-20"))
        job = self.run_import(json_lines(*first, back, *second))
        self.assertEqual((self.refused(job), job.stored_count), ([], 7))
