"""What monitoring is told, and what managers see of it; over HTTP: tests/rpc/test_monitoring."""

from unittest.mock import patch

from odoo.exceptions import AccessError

from odoo.addons.event_sourcing_feed import append_time as timing
from odoo.addons.event_sourcing_feed.heartbeat import beat
from odoo.addons.event_sourcing_feed.models.event_monitoring import LAG_LIMIT
from odoo.addons.test_event_sourcing.common import EventCase, make_user

CONSUMER = "counter.total.projection"


class OperationCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.monitoring = cls.env["event.monitoring"]
        cls.heartbeats = cls.env["event.feed.heartbeat"]
        cls.sub = cls.env["event.subscription"].search([("consumer", "=", CONSUMER)])
        cls.env.cr.execute("DELETE FROM event_feed_heartbeat")
        cls.all_seen()

    @classmethod
    def all_seen(cls):
        """Let every subscription have all that was there before."""
        cls.env["event.subscription"].search([]).write(
            {"seen": cls.store._feed_now().seen, "until": False, "after": 0, "state": "running"}
        )

    def beats(self, kind, name, ago=0):
        beat(self.env.cr, kind, name)
        self.env.cr.execute(
            "UPDATE event_feed_heartbeat SET seen = seen - %s * interval '1 s' WHERE name = %s",
            [ago, name],
        )
        self.heartbeats.invalidate_model()

    def recorded_ago(self, seconds, *records):
        for answer in records:
            self.env.cr.execute("SELECT create_date FROM event_store WHERE id = %s", [answer["id"]])
        self.env.cr.execute(
            "ALTER TABLE event_store DISABLE TRIGGER USER;"
            "UPDATE event_store SET create_date = create_date - %s * interval '1 s'"
            " WHERE id = ANY(%s); ALTER TABLE event_store ENABLE TRIGGER USER",
            [seconds, [answer["id"] for answer in records]],
        )


class TestHeartbeat(OperationCase):
    def test_nobody(self):
        driven = self.heartbeats._driven()
        self.assertEqual(driven, {"worker": None, "workers": 0, "scheduler": None, "ok": False})

    def test_workers_within_a_minute(self):
        self.beats("worker", "a", 5)
        self.beats("worker", "b", 70)
        driven = self.heartbeats._driven()
        self.assertEqual((driven["workers"], driven["ok"]), (1, True))
        self.assertAlmostEqual(driven["worker"], 5, delta=2)

    def test_the_scheduler_stands_in(self):
        self.beats("worker", "b", 70)
        self.beats("scheduler", "c", 90)
        driven = self.heartbeats._driven()
        self.assertEqual((driven["workers"], driven["ok"]), (0, True))
        self.beats("scheduler", "c", 1000)
        self.assertFalse(self.heartbeats._driven()["ok"])

    def test_who_was_not_there_for_a_day_is_forgotten(self):
        self.beats("worker", "old", 90_000)
        self.beats("worker", "new")
        self.assertEqual(self.heartbeats.search([]).mapped("name"), ["new"])


class TestLag(OperationCase):
    def test_the_slowest_stream_is_the_one_that_waited_longest(self):
        self.assertEqual(self.sub._waiting(), (0, 0.0))
        self.assertIsNone(self.sub._slowest_stream())
        first, second = self.add("SLOW"), self.add("SLOW")
        self.add("FAST")
        other = self.store.append("unknown.kind", "X", "Happened")  # not for it
        self.recorded_ago(50, first, second)
        self.recorded_ago(99, other)
        count, seconds = self.sub._waiting()
        self.assertEqual(count, 4)
        self.assertAlmostEqual(seconds, 99, delta=3)
        found = self.sub._slowest_stream()
        self.assertAlmostEqual(found.pop("seconds"), 50, delta=3)
        self.assertEqual(found, {"model_name": "counter", "aggregate_id": "SLOW", "count": 2})
        self.sub.invalidate_recordset()
        self.assertRegex(self.sub.slowest_stream, "^counter/SLOW: 2 events")

    def test_pages_that_were_taken_wait_no_more(self):
        first, second = self.add("SLOW"), self.add("SLOW")
        now = self.store._feed_now().seen
        self.sub.write({"until": now, "after": first["id"]})
        self.assertEqual(self.sub._waiting()[0], 1)
        self.sub.write({"after": second["id"]})
        self.assertEqual(self.sub._waiting()[0], 0)

    def test_who_does_not_know_all_companies_sees_no_stream(self):
        self.env["res.company"].create({"name": "Another"})
        self.add("SLOW")
        manager = make_user(self.env, "lag-manager", "manager")
        self.assertFalse(self.sub.with_user(manager).slowest_stream)
        auditor = make_user(self.env, "lag-auditor", "auditor")
        self.assertTrue(self.sub.with_user(auditor).slowest_stream)


class TestMetrics(OperationCase):
    def metrics(self):
        found = self.env["event.overview"]._metrics()
        return {metric.name: metric for metric in found}

    def value(self, name, **labels):
        (value,) = [value for found, value in self.metrics()[name].samples if found == labels]
        return value

    def test_subscriptions(self):
        self.recorded_ago(30, self.add("M1"))
        self.sub.write({"state": "stopped", "error_count": 4})
        own = {"subscription": CONSUMER}
        prefix = "event_sourcing_subscription"
        self.assertEqual(self.value(f"{prefix}_lag_events", **own), 1)
        for name in ("lag_seconds", "slowest_stream_seconds"):
            self.assertAlmostEqual(self.value(f"{prefix}_{name}", **own), 30, delta=3)
        self.assertEqual(self.value(f"{prefix}_errors_in_row", **own), 4)
        self.assertEqual(self.value(f"{prefix}_state", **own, state="stopped"), 1)
        self.assertEqual(self.value(f"{prefix}_state", **own, state="running"), 0)

    def test_workers(self):
        self.assertEqual(self.value("event_sourcing_workers"), 0)
        self.assertEqual(self.metrics()["event_sourcing_worker_unseen_seconds"].samples, [])
        self.beats("worker", "a", 5)
        self.assertEqual(self.value("event_sourcing_workers"), 1)
        unseen = self.value("event_sourcing_worker_unseen_seconds", kind="worker")
        self.assertAlmostEqual(unseen, 5, delta=2)

    def test_jobs_of_every_state(self):
        before = self.value("event_sourcing_jobs", state="done")
        self.env["event.job"].create({"kind": "check", "state": "done", "scope_key": "m"})
        self.assertEqual(self.value("event_sourcing_jobs", state="done"), before + 1)
        states = [labels["state"] for labels, _n in self.metrics()["event_sourcing_jobs"].samples]
        self.assertIn("failed", states)

    def test_counts_under_the_names_of_today(self):
        self.env.cr.execute(
            "DELETE FROM event_feed_count;"
            "INSERT INTO event_feed_count VALUES ('counter', 'applied', 3000000000)"
        )
        found = self.value(
            "event_sourcing_events_total", aggregate_type="counter", outcome="applied"
        )
        self.assertEqual(found, 3_000_000_000)

    def test_no_figure_names_what_is_in_an_event(self):
        self.add("SECRET-1")
        self.assertNotIn("SECRET-1", repr(self.metrics()))

    def test_appends_are_timed(self):
        if timing.prometheus_client is None:
            self.skipTest("no prometheus-client")
        database = self.env.cr.dbname

        def count():
            found = {name: v for name, _l, v in timing.append_time.samples(database)}
            return found.get("event_sourcing_append_seconds_count", 0)

        before = count()
        self.add("M1")
        self.store.append_batch(
            [{"model_name": "counter", "aggregate_id": "M1", "event_type": "Added"}] * 3
        )
        self.assertEqual(count(), before + 2)
        self.assertEqual(list(timing.append_time.samples("another database")), [])

    def test_without_the_library_appends_go_on(self):
        with patch.object(timing, "prometheus_client", None):
            without = timing.AppendTime()
            without.note("x", 1.0)
            self.assertEqual(list(without.samples("x")), [])
            with self.assertRaises(ImportError):
                self.monitoring._exposition()


class TestHealth(OperationCase):
    def failing(self):
        well, details = self.monitoring._health()
        self.assertEqual(well, not details["failing"])
        return details["failing"]

    def test_all_is_well(self):
        self.beats("worker", "a")
        self.assertEqual(self.failing(), [])

    def test_no_worker(self):
        self.assertEqual(self.failing(), ["worker"])

    def test_a_subscription_stopped(self):
        self.beats("worker", "a")
        self.sub.state = "stopped"
        self.assertEqual(self.failing(), ["stopped"])

    def test_a_lag_over_the_limit(self):
        self.beats("worker", "a")
        self.recorded_ago(100, self.add("H1"))
        self.assertEqual(self.failing(), [])
        self.env["ir.config_parameter"].set_param(LAG_LIMIT, "60")
        self.assertEqual(self.failing(), ["lag_seconds"])
        self.env["event.subscription"].search([]).write({"state": "paused"})
        self.assertEqual(self.failing(), [])


class TestToken(OperationCase):
    def test_managers_make_and_remove_it(self):
        manager = make_user(self.env, "token-manager", "manager", "auditor")
        wizard = self.env["event.store.policy.wizard"].with_user(manager).create({})
        self.assertFalse(self.monitoring._is_token(""))
        self.assertFalse(wizard.monitoring_token)
        action = wizard.action_new_token()
        self.assertEqual(action["res_id"], wizard.id)
        wizard.invalidate_recordset()
        token = wizard.monitoring_token
        self.assertGreaterEqual(len(token), 40)
        self.assertTrue(self.monitoring._is_token(token))
        for wrong in (token[:-1], "", None, "東京"):
            self.assertFalse(self.monitoring._is_token(wrong))
        wizard.action_new_token()
        self.assertFalse(self.monitoring._is_token(token))
        wizard.action_remove_token()
        self.assertEqual(self.monitoring._token(), "")

    def test_nobody_else(self):
        wizard = self.env["event.store.policy.wizard"].create({})
        user = make_user(self.env, "token-user", "integration")
        for action in ("action_new_token", "action_remove_token"):
            with self.assertRaises(AccessError):
                getattr(wizard.with_user(user), action)()

    def test_nor_a_manager_of_one_company(self):
        """Its figures are of all, and whoever watches them would lose their token."""
        self.env["res.company"].create({"name": "Another"})
        token = self.monitoring._new_token()
        manager = make_user(self.env, "token-of-one", "manager")
        wizard = self.env["event.store.policy.wizard"].with_user(manager).create({})
        self.assertFalse(wizard.monitoring_token)
        for action in ("action_new_token", "action_remove_token"):
            with self.assertRaisesRegex(AccessError, "figures of all companies"):
                getattr(wizard, action)()
        self.assertTrue(self.monitoring._is_token(token))

    def test_when_health_is_to_worry(self):
        manager = make_user(self.env, "limit-manager", "manager")
        wizards = self.env["event.store.policy.wizard"].with_user(manager)
        self.assertEqual(wizards.create({}).health_lag_seconds, 300)
        wizards.create({"health_lag_seconds": 20}).action_save()
        self.assertEqual(self.monitoring._lag_limit(), 20)
        self.env["ir.config_parameter"].set_param(LAG_LIMIT, "soon")
        self.assertEqual(self.monitoring._lag_limit(), 300)


class TestOverviewCard(OperationCase):
    def overview(self):
        self.env.invalidate_all()
        return self.env["event.overview"].browse(1)

    def test_the_card(self):
        self.assertRegex(self.overview().worker_note, "^Nobody passes events on")
        self.beats("scheduler", "c")
        self.assertRegex(self.overview().worker_note, "^No worker runs")
        self.beats("worker", "a")
        self.recorded_ago(40, self.add("O1"))
        overview = self.overview()
        self.assertFalse(overview.worker_note)
        self.assertTrue(overview.worker_seen)
        self.assertAlmostEqual(overview.lag_seconds, 40, delta=3)
        self.assertEqual(overview.stopped_count, 0)
        self.sub.state = "stopped"
        self.assertEqual(self.overview().stopped_count, 1)
        health = {line["label"]: line for line in self.overview()._health()}
        self.assertTrue(health["Subscriptions stopped"]["problem"])
        action = overview.action_open_subscriptions()
        self.assertEqual(action["res_model"], "event.subscription")


class TestOpenTransactions(OperationCase):
    def test_only_managers(self):
        for group in ("user", "auditor", "integration"):
            user = make_user(self.env, f"open-{group}", group)
            with self.assertRaises(AccessError):
                self.env["event.open.transaction"].with_user(user).search([])
