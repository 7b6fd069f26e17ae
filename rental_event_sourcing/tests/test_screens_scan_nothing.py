"""No screen reads the whole event table, as PostgreSQL itself plans the screens' queries."""

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.sql_db import Cursor
from odoo.tools import SQL

from odoo.addons.test_event_sourcing.common import EventCase

MANY = 60_000


class TestScreensScanNothing(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env(context={**cls.env.context, "lang": "en_US", "tz": "Asia/Tokyo"})
        product = cls.env["product.product"].create({"name": "P", "rental_price_month": 10})
        cls.order = cls.env["rental.order"].create(
            {"partner_id": cls.env.user.partner_id.id, "product_id": product.id}
        )
        cls.order._apply_event("DemoStarted")
        cls.order._apply_event("RentalClosed")
        # Three years of events, of which the dashboard shows three months.
        cls.env.cr.execute(
            """
            INSERT INTO event_store (model_name, aggregate_id, event_type, payload, version,
                timestamp, outcome, event_uuid, schema_version, company_id, create_uid)
            SELECT 'plain', 'P' || n %% 1000, 'Seen', '{}', 1 + n / 1000,
                now() - n * interval '26 minutes', 'applied', 'scan' || n, 1, %s, %s
              FROM generate_series(1, %s) AS n
            """,
            [cls.env.company.id, cls.env.uid, MANY],
        )
        cls.env.cr.execute("ANALYZE event_store")

    def scans(self, screen):
        """Return the queries of a screen whose plan reads the whole event table."""
        seen = []
        execute = Cursor.execute

        def note(cursor, query, params=None, **options):
            code, values = (query.code, query.params) if isinstance(query, SQL) else (query, params)
            if "event_store" in code and code.lstrip().upper().startswith(("SELECT", "WITH")):
                seen.append((code, values))
            return execute(cursor, query, params, **options)

        self.env.flush_all()
        self.env.invalidate_all()
        with patch.object(Cursor, "execute", note):
            screen()
        self.assertTrue(seen)
        found = []
        for code, values in seen:
            self.env.cr.execute("EXPLAIN " + code, values)
            plan = "\n".join(row[0] for row in self.env.cr.fetchall())
            if "Seq Scan on event_store" in plan:
                found.append(f"{code}\n{plan}")
        return found

    def test_the_list_of_events(self):
        store = self.env["event.store"]
        domain = [("event_type", "not in", ("InvalidOperationAttempted", "SystemErrorOccurred"))]
        names = ["timestamp", "aggregate_label", "event_label", "outcome", "reason"]
        self.assertFalse(
            self.scans(
                lambda: store.search_read(domain, names, limit=80, order="timestamp desc, id desc")
            )
        )

    def test_a_rental_with_its_timeline(self):
        self.assertFalse(self.scans(lambda: self.order.read(["event_count", "status"])))
        timeline = self.env["event.timeline"]
        self.assertFalse(self.scans(lambda: timeline.page("rental.order", self.order.id)))
        rejected = {"kinds": ["rejected"]}
        self.assertFalse(
            self.scans(lambda: timeline.page("rental.order", self.order.id, **rejected))
        )

    def test_one_event(self):
        event = self.store.search([("outcome", "=", "rejected")], limit=1)
        names = ["event_label", "aggregate_label", "reason", "failure_ids", "source_name"]
        self.assertFalse(self.scans(lambda: event.read(names)))

    def test_the_dashboard(self):
        overview = self.env["event.overview"]
        self.assertFalse(self.scans(overview.figures))
        self.assertFalse(self.scans(lambda: overview.browse(1).read(["error_count"])))

    def test_the_analysis_of_twelve_weeks(self):
        begin = fields.Datetime.now() - timedelta(weeks=12)
        attempts = self.env["event.attempt"]
        for group in ("date:week", "user_id", "event_label", "reason", "product_id", "company_id"):
            with self.subTest(group=group):
                self.assertFalse(
                    self.scans(
                        lambda group=group: attempts._read_group(
                            [("date", ">=", begin)],
                            [group],
                            ["misoperation_rate:avg", "system_error_rate:avg", "__count"],
                        )
                    )
                )

    def test_a_scan_would_be_seen(self):
        store = self.env["event.store"]
        self.assertTrue(self.scans(lambda: store.search_count([("error_class", "=", "x")])))
