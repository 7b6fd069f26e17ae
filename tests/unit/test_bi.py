from odoo.exceptions import AccessError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.test_event_sourcing.common import EventCase, make_user

QUIET = mute_logger("odoo.sql_db", EventStoreFailure.__module__)


class TestBi(EventCase):
    """Views for BI tools say what the screens say."""

    def rows(self, query, *params):
        self.env.flush_all()
        self.env.cr.execute(query, params)
        return self.env.cr.dictfetchall()

    def test_an_event_is_a_row(self):
        self.add(amount=2)
        self.add(amount=-9)
        rows = self.rows(
            "SELECT * FROM event_bi.bi_event WHERE aggregate_type = 'counter' ORDER BY event_id"
        )
        self.assertEqual([row["outcome"] for row in rows], ["applied", "rejected", "logged"])
        self.assertEqual([row["is_failure_event"] for row in rows], [False, False, True])
        self.assertEqual(rows[0]["payload"], {"amount": 2})
        self.assertEqual(rows[1]["reason"], "The total must not fall below zero.")
        self.assertEqual(rows[0]["recorded_by"], self.env.user.partner_id.name)
        self.assertEqual(rows[0]["company"], self.env.company.name)

    @QUIET
    def test_misoperations_are_those_of_the_analysis(self):
        self.add(amount=1)
        self.add(amount=-9)
        self.store.append("counter", "C1", "Broken")
        self.env.cr.execute(
            "UPDATE event_store SET failed_event_id = NULL, causation_id = 'gone'"
            " WHERE model_name = 'counter' AND event_type = 'InvalidOperationAttempted'"
        )
        (row,) = self.rows(
            "SELECT count(*) AS count, avg(misoperation_rate) AS rate, avg(system_error_rate) AS"
            " errors, max(broken_rule) AS rule FROM event_bi.bi_misoperation"
        )
        ((count, rate, errors),) = self.env["event.attempt"]._read_group(
            [], [], ["__count", "misoperation_rate:avg", "system_error_rate:avg"]
        )
        self.assertEqual(row["count"], count)
        self.assertAlmostEqual(float(row["rate"]), rate)
        self.assertAlmostEqual(float(row["errors"]), errors)

    def test_rentals_with_names(self):
        partner = self.env["res.partner"].create({"name": "株式会社テスト"})
        product = self.env["rental.product"].create({"name": "Lift", "monthly_price": 500})
        order = self.env["rental.order"].create(
            {"partner_id": partner.id, "product_id": product.id, "quantity": 3}
        )
        (row,) = self.rows(
            "SELECT * FROM event_bi.bi_rental_snapshot WHERE rental = %s", order.name
        )
        self.assertEqual(
            (row["customer"], row["product"], row["quantity"], row["status"]),
            ("株式会社テスト", "Lift", 3, "draft"),
        )
        (row,) = self.rows(
            "SELECT * FROM event_bi.bi_misoperation WHERE aggregate_id = %s", order.name
        )
        self.assertEqual((row["product"], row["customer"]), ("Lift", "株式会社テスト"))

    def test_views_are_made_anew_by_an_update(self):
        self.env["event.bi"]._create_views()
        self.env["event.bi"]._create_views()
        names = {
            row["viewname"]
            for row in self.rows("SELECT viewname FROM pg_views WHERE schemaname = 'event_bi'")
        }
        self.assertEqual(names, {"bi_event", "bi_misoperation", "bi_rental_snapshot"})

    def test_managers_alone(self):
        for group in ("user", "integration", "auditor"):
            user = make_user(self.env, f"bi-{group}", group)
            with self.assertRaises(AccessError):
                self.env["event.bi.access"].with_user(user).create({})

    def test_what_an_administrator_runs_is_shown(self):
        statements = self.env["event.bi"]._statements()
        self.assertIn(f'CREATE ROLE "{self.env.cr.dbname}_bi" LOGIN', statements)
        self.assertIn("GRANT SELECT ON ALL TABLES IN SCHEMA", statements)
        self.assertEqual(statements.count(";\n"), 8)
