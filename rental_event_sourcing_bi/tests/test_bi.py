from datetime import date, timedelta

import psycopg2

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form
from odoo.tools import mute_logger
from odoo.tools.sql import drop_depending_views

from odoo.addons.event_sourcing.models.event_store_failure import EventStoreFailure
from odoo.addons.event_sourcing_base.zones import local_date
from odoo.addons.event_sourcing_bi.bi_role import role_name, script_of
from odoo.addons.test_event_sourcing.common import EventCase, make_user

QUIET = mute_logger("odoo.sql_db", EventStoreFailure.__module__)
VIEWS = ("bi_event", "bi_misoperation", "bi_rental_snapshot")


class BiCase(EventCase):
    """What BI tools read, as rows, and some attempts."""

    def rows(self, query, *values):
        self.env.flush_all()
        self.env.cr.execute(query, values or None)
        return self.env.cr.dictfetchall()

    def grants(self):
        """Return {view: readers} of the views above, without the schema's owner."""
        found = self.rows(
            """
            SELECT relname, coalesce((SELECT string_agg(grantee::regrole::text, ',')
                                        FROM aclexplode(relacl)
                                       WHERE grantee != relowner), '') AS readers
              FROM pg_class WHERE relnamespace = 'event_bi'::regnamespace
               AND relname IN %s
            """,
            VIEWS,
        )
        return {row["relname"]: row["readers"] for row in found}

    def let_in(self):
        """Let a role read that every cluster has; undone with the test."""
        self.env.cr.execute(
            "GRANT USAGE ON SCHEMA event_bi TO pg_monitor;"
            "GRANT SELECT ON ALL TABLES IN SCHEMA event_bi TO pg_monitor"
        )

    def some_attempts(self):
        self.add(amount=2)
        self.add(amount=-5)
        with QUIET:
            self.store.append("counter", "C1", "Broken")
        self.store.append("unknown.kind", "X", "Happened")
        # As reject_and_record leaves it, on a cursor of its own.
        self.add("C2", amount=-1)
        self.env.cr.execute(
            "UPDATE event_store SET failed_event_id = NULL, causation_id = 'gone' WHERE id = %s",
            [self.failures("C2").id],
        )
        self.env.invalidate_all()


class TestBi(BiCase):
    """What BI tools read."""

    def test_every_event_is_a_row_and_says_whether_it_is_a_failure(self):
        self.some_attempts()
        rows = {row["event_id"]: row for row in self.rows("SELECT * FROM event_bi.bi_event")}
        events = self.store.search([])
        self.assertEqual(set(rows), set(events.ids))
        for event in events:
            row = rows[event.id]
            self.assertEqual(row["aggregate_type"], event.model_name)
            self.assertEqual(row["payload"], event.payload)
            self.assertEqual(row["happened_on"], event.timestamp)
            self.assertEqual(row["recorded_by"], event.create_uid.name)
            self.assertEqual(row["company"], event.company_id.name)
            self.assertEqual(row["reason"] or False, event.error_message)
            for name in ("aggregate_id", "version", "event_type", "outcome", "event_uuid"):
                self.assertEqual(row[name], event[name])
        failures = [self.failures(key).ids for key in ("C1", "C2")]
        marked = {key for key, row in rows.items() if row["is_failure"]}
        self.assertLessEqual({*failures[0], *failures[1]}, marked)
        self.assertEqual(len(failures[0]), 2)

    def test_attempts_and_rates_are_those_of_the_screen(self):
        self.some_attempts()
        rows = {row["event_id"]: row for row in self.rows("SELECT * FROM event_bi.bi_misoperation")}
        attempts = self.env["event.attempt"].search([])
        self.assertEqual(set(rows), set(attempts.ids))
        for attempt in attempts:
            row = rows[attempt.id]
            for name in ("event_type", "outcome", "misoperation_rate", "system_error_rate"):
                self.assertEqual(row[name], attempt[name])
            self.assertEqual(row["broken_rule"] or False, attempt.broken_rule)
            self.assertEqual(row["recorded_by"], attempt.user_id.name)
            self.assertEqual(row["company"], attempt.company_id.name)
            day = local_date(attempt.date, attempt.event_id.timezone)
            self.assertEqual(row["week"], day - timedelta(days=day.weekday()))
        own = [row for row in rows.values() if row["aggregate_type"] == "counter"]
        rates = sorted((row["outcome"], row["misoperation_rate"]) for row in own)
        # the attempt on C2 and the record of it, which then stands for one that is gone
        self.assertEqual(
            rates, [("applied", 0), ("failed", 0), *[("rejected", 100)] * 3], "one row an attempt"
        )

    def test_a_week_is_one_of_business_days(self):
        """What PostgreSQL takes for an abbreviation without summer time is a zone, too."""
        this, last = date(2026, 6, 1), date(2026, 5, 25)
        cases = {
            ("Asia/Tokyo", "2026-05-31 15:00:00"): this,
            ("Asia/Tokyo", "2026-05-31 14:59:59"): last,
            ("America/Los_Angeles", "2026-06-01 06:59:59"): last,
            ("America/Los_Angeles", "2026-06-01 07:00:00"): this,
            ("CET", "2026-05-31 22:30:00"): this,
            ("MET", "2026-05-31 22:30:00"): this,
            ("EET", "2026-05-31 21:30:00"): this,
            ("WET", "2026-05-31 23:30:00"): this,
            ("EST", "2026-06-01 04:30:00"): last,
        }
        expected = {}
        for (zone, moment), week in cases.items():
            event = self.store.browse(self.add(timezone=zone, timestamp=moment)["id"])
            expected[event.id] = week
            day = local_date(event.timestamp, zone)
            self.assertEqual(day - timedelta(days=day.weekday()), week, zone)
        query = "SELECT event_id, week FROM event_bi.bi_misoperation WHERE aggregate_id = 'C1'"
        found = {row["event_id"]: row["week"] for row in self.rows(query)}
        self.assertEqual(found, expected)

    def test_a_zone_that_only_odoo_knows_breaks_no_view(self):
        event = self.store.browse(self.add(timestamp="2026-06-01 00:30:00")["id"])
        for zone in ("Mars/Olympus", None):
            self.env.cr.execute(
                "UPDATE event_store SET timezone = %s WHERE id = %s", [zone, event.id]
            )
            query = "SELECT week FROM event_bi.bi_misoperation WHERE event_id = %s"
            self.assertEqual(self.rows(query, event.id), [{"week": date(2026, 6, 1)}])

    def test_rentals_have_names(self):
        partner = self.env["res.partner"].create({"name": "Ms Sato"})
        product = self.env["product.product"].create({"name": "Projector"})
        product.with_context(lang="ja_JP").name = "映写機"
        order = self.env["rental.order"].create(
            {"partner_id": partner.id, "product_id": product.id, "monthly_price": 12.5}
        )
        self.store.append("rental", order.name, "RentalReturned")
        (row,) = self.rows(
            "SELECT * FROM event_bi.bi_rental_snapshot WHERE rental = %s", order.name
        )
        self.assertEqual((row["customer_id"], row["customer"]), (partner.id, "Ms Sato"))
        self.assertEqual((row["product_id"], row["product"]), (product.id, "Projector"))
        self.assertEqual((row["status"], row["last_event"]), ("draft", "RentalPlanned"))
        self.assertEqual((row["monthly_price"], row["company"]), (12.5, self.env.company.name))
        attempts = self.rows(
            "SELECT outcome, customer, product FROM event_bi.bi_misoperation"
            " WHERE aggregate_id = %s ORDER BY event_id",
            order.name,
        )
        self.assertEqual([row["outcome"] for row in attempts], ["applied", "rejected"])
        self.assertEqual({row["customer"] for row in attempts}, {"Ms Sato"})
        self.assertEqual({row["product"] for row in attempts}, {"Projector"})

    def bi_models(self):
        return [
            self.env[name]
            for name in self.env.registry.descendants(["event.bi.view"], "_inherit")
            if self.env[name]._bi_view
        ]

    def test_an_update_keeps_views_that_are_the_same(self):
        before = self.rows("SELECT relname, oid FROM pg_class WHERE relname LIKE 'bi\\_%'")
        for model in self.bi_models():
            model._ensure_view()
        after = self.rows("SELECT relname, oid FROM pg_class WHERE relname LIKE 'bi\\_%'")
        self.assertEqual(after, before)
        self.assertLessEqual(set(VIEWS), {row["relname"] for row in after})

    def test_another_definition_makes_a_new_view_and_readers_stay(self):
        self.let_in()
        self.env.cr.execute("COMMENT ON VIEW event_bi.bi_event IS 'definition of old'")
        (before,) = self.rows("SELECT 'event_bi.bi_event'::regclass::oid AS oid")
        self.env["event.bi.event"]._ensure_view()
        (after,) = self.rows("SELECT 'event_bi.bi_event'::regclass::oid AS oid")
        self.assertNotEqual(after, before)
        self.assertEqual(self.grants(), dict.fromkeys(VIEWS, "pg_monitor"))

    def test_a_column_can_still_change_its_type_and_the_views_come_back(self):
        self.let_in()
        for table, column in (
            ("event_store", "broken_rule"),
            ("res_partner", "name"),
            ("rental_snapshot", "quantity"),
        ):
            change = {"quantity": "bigint"}.get(column, "text")
            alter = f"ALTER TABLE {table} ALTER COLUMN {column} TYPE {change}"
            with self.assertRaises(psycopg2.NotSupportedError), mute_logger("odoo.sql_db"):
                self.env.cr.execute(alter)
            # what Odoo does then
            drop_depending_views(self.env.cr, table, column)
            self.env.cr.execute(alter)
            for model in self.bi_models():
                model._register_hook()
            self.assertEqual(self.grants(), dict.fromkeys(VIEWS, "pg_monitor"), column)

    def test_a_view_that_cannot_be_made_does_not_stop_odoo(self):
        self.env.cr.execute(
            "ALTER TABLE event_store RENAME COLUMN broken_rule TO other;"
            "DROP VIEW event_bi_event, event_bi_attempt CASCADE"
        )
        with self.assertLogs("odoo.addons.event_sourcing_bi.models.event_bi_view", "WARNING"):
            with mute_logger("odoo.sql_db"):
                self.env["event.bi.event"]._register_hook()
        self.assertEqual(set(self.grants()), {"bi_rental_snapshot"})

    def test_names_of_roles_are_never_cut(self):
        self.assertEqual(role_name("prod"), "prod_bi")
        long = [role_name("x" * 62 + end) for end in "ab"]
        self.assertNotEqual(*long)
        self.assertTrue(all(len(name) <= 63 for name in long))

    def test_the_script_connects_to_the_database_first(self):
        script = script_of("my'db", ["SELECT 1"])
        self.assertEqual(
            script.splitlines(),
            ["\\connect -reuse-previous=on \"dbname='my\\'db'\"", "BEGIN;", "SELECT 1;", "COMMIT;"],
        )

    def test_only_a_manager_who_is_administrator_opens_all_companies(self):
        manager = make_user(self.env, "bi-manager", "manager")
        wizard = self.env["event.bi.access"].with_user(manager).create({})
        self.assertEqual(wizard.role, f"{self.env.cr.dbname}_bi")
        for action in (wizard.action_open, wizard.action_close):
            with self.assertRaisesRegex(AccessError, "all companies"):
                action()
        auditor = make_user(self.env, "bi-auditor", "auditor")
        with self.assertRaises(AccessError):
            self.env["event.bi.access"].with_user(auditor).create({})

    def test_the_password_is_shown_and_kept_nowhere(self):
        admin = make_user(self.env, "bi-admin", "base.group_system")
        wizard = self.env["event.bi.access"].with_user(admin).create({})
        (public,) = self.rows("SELECT has_schema_privilege('public', 'public', 'CREATE') AS open")
        if public["open"] and wizard.may_create:
            # As PostgreSQL 14 makes databases: the role could do more than read.
            with self.assertRaisesRegex(UserError, "create tables in the schema public"):
                wizard.action_open()
            return
        with self.assertLogs("odoo.sql_db", "DEBUG") as logs:
            action = wizard.action_open()
        password = action["context"]["default_shown_password"]
        self.assertGreaterEqual(len(password), 32)
        self.assertNotIn(password, "".join(logs.output))
        self.assertIn("SCRAM-SHA-256$", "".join(logs.output))
        shown = self.env["event.bi.access"].with_user(admin).with_context(action["context"])
        form = Form(shown)
        self.assertEqual(form.shown_password, password)
        state = "open" if form.may_create else "absent"  # else an administrator has to do it
        self.assertEqual((form.database, form.state), (self.env.cr.dbname, state))
        saved = form.save()
        self.env.invalidate_all()
        self.assertFalse(self.env["event.bi.access"].browse(saved.id).shown_password)
        columns = self.rows(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'event_bi_access' AND column_name LIKE 'shown%'"
        )
        self.assertEqual(columns, [])
