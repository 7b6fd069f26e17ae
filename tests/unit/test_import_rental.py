"""Files of rentals: what a list exports comes back, and rows of an older schema version."""

import csv
import io

from odoo.addons.event_sourcing_transfer.tests.test_import import TIME, ImportCase


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
