"""What is sent in which order, and what becomes of what is not taken."""

import json
from dataclasses import replace
from datetime import datetime, timedelta

from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from odoo import fields
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_delivery.message import (
    DONE,
    FAILED,
    GONE,
    UNAVAILABLE,
    Result,
    envelope,
)
from odoo.addons.event_sourcing_delivery.models.event_delivery import KEPT
from odoo.addons.event_sourcing_delivery.models.event_destination_read import (
    Work,
    message_of,
)
from odoo.addons.event_sourcing_delivery.sending import Line, is_outage, stops_all
from odoo.addons.test_event_sourcing.common import make_user
from odoo.addons.test_event_sourcing_delivery.models.event_destination import inbox

from .common import DeliveryCase


def bad_for(*aggregate_ids, result=None):
    """Return the behaviour of a receiver that takes nothing of some aggregates."""

    def behave(message):
        if message.aggregate_id in aggregate_ids:
            return result or Result(FAILED, "HTTP 500")
        return Result(DONE, "taken")

    return behave


class TestOrder(DeliveryCase):
    def test_all_arrive_in_the_order_of_their_stream(self):
        self.send(*self.events("A", "B", "A", "B", "A"))
        self.assertEqual(inbox.payloads("A"), [1, 3, 5])
        self.assertEqual(inbox.payloads("B"), [2, 4])
        self.assertEqual(self.sub.consumed_count, 5)
        self.assertFalse(self.tasks.search([("subscription_id", "=", self.sub.id)]))

    def test_one_that_is_not_taken_holds_back_its_own_stream_alone(self):
        inbox.behave = bad_for("A")
        self.send(*self.events("A", "B", "A", "B"))
        self.assertEqual(inbox.payloads("B"), [2, 4])
        self.assertEqual(self.states("A"), ["waiting", "behind"])
        task = self.tasks.search([("aggregate_id", "=", "A"), ("state", "=", "waiting")])
        self.assertEqual((task.tries, task.error), (1, "HTTP 500"))
        self.assertEqual(self.sub.error_count, 0)

    def test_later_pages_queue_up_behind_it(self):
        first, second, other = self.events("A", "A", "B")
        inbox.behave = bad_for("A")
        self.send(first)
        inbox.behave = bad_for()
        self.send(second, other)
        self.assertEqual(self.states("A"), ["waiting", "behind"])
        self.assertEqual(inbox.payloads("A"), [])
        self.make_due()
        self.send_again()
        self.assertEqual(inbox.payloads("A"), [1, 2])
        self.assertEqual(self.states("A"), [])

    def test_it_is_a_dead_letter_after_the_last_try_and_goes_on_once_retried(self):
        inbox.behave = bad_for("A")
        self.send(*self.events("A", "A"))
        for _try in range(5):
            self.assertEqual(self.states("A")[0], "waiting")
            self.make_due()
            self.send_again()
        self.assertEqual(self.states("A"), ["dead", "behind"])
        inbox.behave = bad_for()
        self.tasks.search([("state", "=", "dead")]).action_retry()
        self.make_due()
        self.send_again()
        self.assertEqual(inbox.payloads("A"), [1, 2])

    def test_one_that_is_skipped_lets_those_behind_it_go_on(self):
        inbox.behave = bad_for("A")
        self.send(*self.events("A", "A"))
        self.tasks.search([("aggregate_id", "=", "A"), ("state", "=", "waiting")])._skip("known")
        inbox.behave = bad_for()
        self.make_due()
        self.send_again()
        self.assertEqual(inbox.payloads("A"), [2])

    def test_one_that_is_sent_again_belongs_to_one_process(self):
        inbox.behave = bad_for("A")
        self.send(*self.events("A"))
        self.make_due()
        own = self.destination.sudo()
        self.assertEqual(len(own._take_again(own._reader())), 1)
        self.assertEqual(own._take_again(own._reader()), [])

    def test_one_that_is_still_under_way_waits_as_a_row_that_nobody_else_sends(self):
        (event,) = self.events("A")
        own = self.destination.sudo()
        own._claim("test")
        page, _behind = own._sorted(own._reader(), self.store._feed_events_of([event], SQL("true")))
        page[0].next()
        page[0].close()
        self.assertFalse(page[0].note(Result(FAILED, "late")))
        apart = own._put_apart(self.work(page))
        task = self.tasks.browse(apart[page[0]].task_ids)
        self.assertEqual((task.state, task.tries), ("waiting", 0))
        self.assertGreater(task.next_try, fields.Datetime.now() + timedelta(seconds=30))
        own._record_again(apart[page[0]], [Result(DONE, "late")])
        self.assertFalse(task.exists())

    def work(self, page):
        return Work(page, [], self.sub._position(), [], True)


class TestOutage(DeliveryCase):
    def test_where_nobody_is_reached_all_waits_as_the_position_alone(self):
        before = self.sub._position()
        inbox.behave = lambda message: Result(UNAVAILABLE, "connection refused")
        self.send(*self.events("A", "B"))
        self.assertFalse(self.tasks.search([("subscription_id", "=", self.sub.id)]))
        self.assertEqual(self.sub._position(), before)
        self.assertEqual(self.sub.error_count, 1)
        self.assertEqual(self.sub.last_error, "connection refused")
        self.assertGreater(self.sub.next_try, self.env.cr.now())

    def test_a_pause_that_the_receiver_asks_for_is_kept(self):
        inbox.behave = lambda message: Result(UNAVAILABLE, "HTTP 429", pause=600)
        self.send(*self.events("A", "B"))
        pause = (self.sub.next_try - self.env.cr.now()).total_seconds()
        self.assertTrue(599 <= pause <= 601, pause)

    def test_one_that_cannot_be_reached_for_some_alone_is_no_outage(self):
        inbox.behave = bad_for("A", result=Result(UNAVAILABLE, "HTTP 503"))
        self.send(*self.events("A", "B"))
        self.assertEqual((self.sub.error_count, self.states("A")), (0, ["waiting"]))

    def test_a_receiver_that_fails_for_all_of_many_is_away(self):
        inbox.behave = lambda message: Result(FAILED, "HTTP 500")
        self.send(*self.events(*[f"A{number}" for number in range(20)]))
        self.assertEqual(self.sub.error_count, 1)
        self.assertFalse(self.tasks.search([("subscription_id", "=", self.sub.id)]))

    def test_what_was_not_sent_before_a_pause_waits_without_a_try(self):
        inbox.behave = bad_for("B", result=Result(UNAVAILABLE, "HTTP 429", pause=30))
        self.send(*self.events("A", "B", "C"))
        self.assertEqual(inbox.payloads("A"), [1])
        waiting = self.tasks.search([("subscription_id", "=", self.sub.id)])
        self.assertEqual(waiting.mapped("aggregate_id"), ["C", "B"])
        self.assertEqual(waiting.mapped("tries"), [0, 0])
        self.assertEqual(self.sub.error_count, 1)

    def test_a_receiver_that_wants_nothing_more_stops_it(self):
        inbox.behave = lambda message: Result(GONE, "HTTP 410")
        self.send(*self.events("A"))
        self.assertEqual(self.sub.state, "stopped")
        self.assertIn("HTTP 410", self.sub.last_error)
        self.destination.action_start()
        self.assertEqual((self.sub.state, self.sub.last_error), ("running", False))

    def test_a_row_that_waits_alone_while_nobody_is_reached_uses_up_no_tries(self):
        told, alert = [], type(self.env["event.alert"])
        self.patch(alert, "_raise_alert", lambda _s, key, *_, **__: told.append(f"raised {key}"))
        self.patch(alert, "_clear_alert", lambda _s, key: told.append(f"cleared {key}"))
        inbox.behave = bad_for("A")
        self.send(*self.events("A", "A"))
        inbox.behave = lambda message: Result(UNAVAILABLE, "connection refused")
        for _try in range(10):
            self.sub.next_try = False
            self.make_due()
            self.send_again()
        task = self.tasks.search([("aggregate_id", "=", "A"), ("state", "=", "waiting")])
        self.assertEqual((task.tries, self.sub.error_count), (1, 10))
        key = f"destination:{self.destination.id}"
        self.assertEqual(told, [f"raised {key}"])
        inbox.behave = bad_for()
        self.make_due()
        self.send_again()
        self.assertEqual(inbox.payloads("A"), [1, 2])
        self.assertEqual((self.states("A"), self.sub.error_count), ([], 0))
        self.assertIn(f"cleared {key}", told)

    def test_one_that_is_not_reached_while_others_are_uses_up_its_tries(self):
        inbox.behave = bad_for("A", result=Result(UNAVAILABLE, "HTTP 503"))
        self.send(*self.events("A", "B"))
        for number in range(5):
            self.assertEqual(self.states("A"), ["waiting"])
            self.send(*self.events(f"C{number}"))
            self.make_due()
            self.send_again()
        self.assertEqual((self.states("A"), self.sub.error_count), (["dead"], 0))

    def test_a_page_without_anything_for_it_moves_on_and_ends_no_outage(self):
        inbox.behave = lambda message: Result(UNAVAILABLE, "connection refused")
        self.send(*self.events("A"))
        moved = replace(self.sub._position(), after=self.add("B")["id"])
        self.patch(type(self.store), "_read_feed_page", lambda *_: ([], moved))
        own = self.destination.sudo()
        self.assertTrue(own._work(own._reader(), 10).moved)
        self.assertEqual(self.sub._position(), moved)
        self.assertEqual((self.sub.error_count, self.sub.last_error), (1, "connection refused"))

    def test_what_the_results_of_a_page_say(self):
        done, failed = Result(DONE), Result(FAILED)
        self.assertFalse(is_outage([failed] * 9))
        self.assertTrue(is_outage([failed] * 10))
        self.assertFalse(is_outage([failed] * 10 + [done]))
        self.assertFalse(stops_all([Result(UNAVAILABLE)]))
        self.assertTrue(stops_all([Result(UNAVAILABLE)] * 10))
        self.assertTrue(stops_all([done, Result(GONE)]))


class TestWhoReads(DeliveryCase):
    def test_what_its_user_may_not_read_is_not_sent(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.env.user.company_ids += other
        reader = make_user(self.env, "reader", "user")
        self.destination.user_id = reader
        mine = self.events("A")
        theirs = self.add("B", company_id=other.id)["id"]
        self.send(*mine, theirs)
        self.assertEqual([message.aggregate_id for message in inbox.taken], ["A"])

    def test_an_archived_user_stops_it_with_a_sentence(self):
        reader = make_user(self.env, "reader", "user")
        self.destination.user_id = reader
        reader.active = False
        self.env.flush_all()
        self.assertIsNone(self.destination.sudo()._take("test", 10))
        self.assertEqual(self.sub.state, "stopped")
        self.assertIn("Reader", self.sub.last_error)

    def test_a_user_without_the_right_stops_it_with_a_sentence(self):
        self.destination.user_id = make_user(self.env, "stranger")
        self.env.flush_all()
        self.assertIsNone(self.destination.sudo()._take("test", 10))
        self.assertEqual(self.sub.state, "stopped")
        self.assertIn("may not read events", self.sub.last_error)

    def test_what_waits_and_may_not_be_read_any_more_is_not_sent(self):
        inbox.behave = bad_for("A")
        self.send(*self.events("A"))
        inbox.behave = bad_for()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.destination.user_id = make_user(self.env, "reader", "user", company=other)
        self.make_due()
        self.send_again()
        self.assertEqual((inbox.taken, self.states("A")), ([], []))


class TestEnvelope(DeliveryCase):
    def test_an_event_is_a_cloud_event(self):
        answer = self.add("A", payload={"amount": 7}, correlation_id="c-1", causation_id="c-0")
        self.send(answer["id"])
        body = json.loads(inbox.taken[0].body)
        self.assertEqual(body.pop("time")[-1], "Z")
        database = self.env["ir.config_parameter"].get_param("database.uuid")
        self.assertEqual(
            {name: body[name] for name in ("id", "source", "type", "subject", "specversion")},
            {
                "id": answer["event_uuid"],
                "source": f"odoo:{database}/company/{self.env.company.id}",
                "type": "counter.Added",
                "subject": "A",
                "specversion": "1.0",
            },
        )
        self.assertEqual((body["version"], body["data"]["amount"]), (1, 7))
        self.assertEqual((body["correlationid"], body["causationid"]), ("c-1", "c-0"))

    def test_it_is_what_the_library_of_cloud_events_writes(self):
        payload = {"amount": 7, "note": "貸出"}
        self.send(self.add("A", payload=payload, correlation_id="c-1")["id"])
        written = inbox.taken[0].body
        attributes = json.loads(written)
        data = attributes.pop("data")
        self.assertEqual(attributes.pop("specversion"), "1.0")
        attributes["time"] = datetime.fromisoformat(attributes["time"].replace("Z", "+00:00"))
        self.assertEqual(JSONFormat().write(CloudEvent(attributes, data)), written)

    def test_an_event_that_its_handler_cannot_read_waits_apart(self):
        (event,) = self.events("A")
        found = self.store._feed_events_of([event], SQL("true"))[0]
        message = message_of(replace(found, problem=UserError("too new")), "odoo:x")
        line = Line([message])
        self.send_line(line)
        self.assertEqual((line.results[0].state, line.results[0].answer), (FAILED, "too new"))

    def test_japanese_and_a_payload_of_256_kib_arrive(self):
        text = "東" * 80_000
        answer = self.add("A", payload={"amount": 1, "note": text})
        self.send(answer["id"])
        self.assertEqual(json.loads(inbox.taken[0].body)["data"]["note"], text)

    def test_the_schema_is_named_where_there_is_one(self):
        (event,) = self.events("A")
        found = self.store._feed_events_of([event], SQL("true"))[0]
        body = json.loads(envelope(found, "odoo:x", "https://example.com/schema"))
        self.assertEqual(body["dataschema"], "https://example.com/schema")
        self.assertNotIn("dataschema", json.loads(envelope(found, "odoo:x")))


class TestLog(DeliveryCase):
    def test_the_last_ones_are_kept(self):
        self.send(*self.events("A", "B"))
        log = self.env["event.delivery"].search([("destination_id", "=", self.destination.id)])
        self.assertEqual(log.mapped("state"), ["done", "done"])
        self.assertEqual(log.mapped("aggregate_id"), ["B", "A"])
        message, result = inbox.taken[0], Result(DONE, "x" * 1000)
        log._note(self.destination, [(message, result)] * (KEPT + 50))
        log = log.search([("destination_id", "=", self.destination.id)])
        self.assertEqual(len(log), KEPT)
        self.assertEqual(len(log[0].answer), 300)


class TestStatements(DeliveryCase):
    """How many SQL statements it takes: what grows with events is slow with many."""

    def statements(self, work):
        self.env.flush_all()
        before = self.env.cr.sql_log_count
        work()
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_what_waits_for_a_receiver_that_is_away_costs_no_append_one(self):
        self.events("A")
        alone = self.statements(lambda: self.events("A"))
        inbox.behave = lambda message: Result(UNAVAILABLE, "nobody there")
        self.send(*self.events(*map(str, range(50))))
        self.assertEqual(self.sub.error_count, 1)
        self.assertLessEqual(self.statements(lambda: self.events("A")), alone)

    def test_a_page_takes_as_many_however_large_it_is(self):
        counts = []
        for names in ("AB", "AB", map(str, range(40))):  # the first one fills caches
            ids = self.events(*names)
            counts.append(self.statements(lambda ids=ids: self.send(*ids)))
        self.assertLessEqual(counts[2], counts[1])

    def test_what_is_put_apart_takes_as_many_however_much_it_is(self):
        taken = []

        def behave(_message):
            """Take one, then be away."""
            taken.append(1)
            return Result(DONE) if len(taken) == 1 else Result(UNAVAILABLE, "away", 1.0)

        inbox.behave = behave
        counts = []
        for count in (2, 2, 40):  # the first one fills caches
            del taken[:]
            ids = self.events(*[f"{len(counts)}-{number % 20}" for number in range(count)])
            counts.append(self.statements(lambda ids=ids: self.send(*ids)))
            waiting = self.tasks.search_count([("event_id", "in", ids)])
            self.assertEqual(waiting, count - 1)
        self.assertEqual(counts[2], counts[1])

    def test_a_line_that_is_sent_again_takes_as_many_however_long_it_is(self):
        counts = []
        for count in (2, 2, 15):
            inbox.behave = lambda message: Result(FAILED, "HTTP 500")
            name = f"again{len(counts)}"
            self.send(*self.events(*[name] * count))
            self.assertEqual(len(self.states(name)), count)
            inbox.behave = lambda message: Result(DONE)
            self.make_due()
            counts.append(self.statements(self.send_again))
            self.assertEqual(inbox.payloads(name), list(range(1, count + 1)))
        self.assertEqual(counts[2], counts[1])
