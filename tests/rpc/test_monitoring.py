"""``/event_sourcing/metrics`` and ``/event_sourcing/health``, as programs ask for them."""

from unittest.mock import patch

from odoo.tests import HttpCase, tagged

from odoo.addons.event_sourcing_feed import append_time as timing
from odoo.addons.event_sourcing_feed.heartbeat import beat

METRICS, HEALTH = "/event_sourcing/metrics", "/event_sourcing/health"


@tagged("-at_install", "post_install")
class TestMonitoring(HttpCase):
    def setUp(self):
        super().setUp()
        self.token = self.env["event.monitoring"]._new_token()
        self.env.cr.execute("DELETE FROM event_feed_heartbeat")
        self.env["event.subscription"].search([]).write(
            {"seen": self.env["event.store"]._feed_now().seen, "until": False, "state": "running"}
        )

    def ask(self, path, bearer=None, **params):
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        self.env.flush_all()
        query = "&".join(f"{name}={value}" for name, value in params.items())
        return self.url_open(f"{path}?{query}", headers=headers)

    def test_figures(self):
        if timing.prometheus_client is None:
            self.skipTest("no prometheus-client")
        from prometheus_client.parser import text_string_to_metric_families

        self.env["event.store"].append("counter", "SECRET-9", "Added", {"amount": 1})
        answer = self.ask(METRICS, self.token)
        self.assertEqual(answer.status_code, 200)
        self.assertIn("text/plain", answer.headers["Content-Type"])
        self.assertNotIn("Set-Cookie", answer.headers)
        families = {family.name: family for family in text_string_to_metric_families(answer.text)}
        for name in ("events", "append_seconds", "jobs", "seals_waiting", "workers"):
            self.assertIn(f"event_sourcing_{name}", families)
        self.assertEqual(families["event_sourcing_events"].type, "counter")
        self.assertEqual(families["event_sourcing_append_seconds"].type, "histogram")
        self.assertNotIn("SECRET-9", answer.text)
        self.assertEqual(self.ask(METRICS, token=self.token).status_code, 200)

    def test_only_with_the_token(self):
        answers = [self.ask(METRICS), self.ask(METRICS, "wrong"), self.ask(METRICS, self.token[1:])]
        self.assertEqual([answer.status_code for answer in answers], [403] * 3)
        self.assertIn("not the token", answers[0].text)
        self.env["ir.config_parameter"].set_param("event_sourcing_feed.monitoring_token", False)
        for token in (None, self.token):
            answer = self.ask(METRICS, token)
            self.assertEqual(answer.status_code, 404)
            self.assertIn("no token", answer.text)

    def test_without_the_library(self):
        with patch.object(timing, "prometheus_client", None):
            answer = self.ask(METRICS, self.token)
        self.assertEqual(answer.status_code, 501)
        self.assertIn("pip install prometheus-client", answer.text)

    def test_health(self):
        answer = self.ask(HEALTH)
        self.assertEqual((answer.status_code, answer.json()), (503, {"status": "failing"}))
        beat(self.env.cr, "worker", "a")
        answer = self.ask(HEALTH)
        self.assertEqual((answer.status_code, answer.json()), (200, {"status": "ok"}))
        self.assertNotIn("Set-Cookie", answer.headers)
        self.env["event.subscription"].search([], limit=1).state = "stopped"
        details = self.ask(HEALTH, self.token).json()
        self.assertEqual((details["status"], details["failing"]), ("failing", ["stopped"]))
        self.assertEqual(details["worker"]["workers"], 1)
        self.assertEqual(len(details["stopped"]), 1)
        self.assertEqual(self.ask(HEALTH, "wrong").status_code, 403)
