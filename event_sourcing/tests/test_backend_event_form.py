"""One event on the screen: its words, its payload and its links."""

from odoo.addons.test_event_sourcing.common import EventCase


class TestLinks(EventCase):
    def event(self, event_type="Opened", payload=None, aggregate_id="T1", model_name="ticket"):
        answer = self.store.append(model_name, aggregate_id, event_type, payload)
        return self.store.browse(answer["id"])

    def test_labels(self):
        self.assertEqual(self.event(payload={"title": "x"}).event_label, "Ticket opened")
        self.assertEqual(self.event("Free", model_name="machine").event_label, "Free")
        self.add(amount=-1)
        self.assertEqual(self.failures().event_label, "Rejected Attempt")
        self.assertTrue(self.failures().is_failure)

    def test_between_an_event_and_its_failure(self):
        event = self.store.browse(self.add(amount=-1)["id"])
        failure = self.failures()
        self.assertEqual(event.action_open_failure()["res_id"], failure.id)
        self.assertEqual(failure.action_open_failed_event()["res_id"], event.id)
        self.assertFalse(failure.action_open_failure())

    def test_the_stream(self):
        self.add("C1")
        event = self.store.browse(self.add("C2")["id"])
        action = event.action_open_stream()
        self.assertEqual(self.store.search(action["domain"]), event)
        stream = self.env["event.stream"].search([("aggregate_id", "=", "C2")])
        self.assertEqual(stream.action_open_events()["domain"], action["domain"])
        self.assertEqual(self.snapshot("C2").action_open_events()["domain"], action["domain"])

    def test_the_payload_is_there_as_text(self):
        form = self.env.ref("event_sourcing.event_store_view_form")
        self.assertIn('<field name="payload_json" nolabel="1"/>', form.arch)
        event = self.event(payload={"title": "壊れた"})
        self.assertEqual(event.payload_json, '{"title":"壊れた"}')
