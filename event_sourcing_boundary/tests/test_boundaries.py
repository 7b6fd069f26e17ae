from contextlib import ExitStack
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.exceptions import BoundaryNotReady
from odoo.addons.event_sourcing.testing import lint_boundary, lint_handler, rejected, scenario
from odoo.addons.test_event_sourcing.common import EventCase


class BoundaryCase(EventCase):
    def booking(self, name, event_type="Booked", **payload):
        return {
            "model_name": "booking",
            "aggregate_id": name,
            "event_type": event_type,
            "payload": payload,
        }

    def tell(self, *calls, **options):
        """Append a batch; return ``[(outcome, message)]``."""
        answers = self.store.append_batch(list(calls), **options)
        return [(answer["outcome"], answer["message"]) for answer in answers]

    def book(self, name, seat, **payload):
        (answer,) = self.tell(self.booking(name, seat=seat, **payload))
        return answer

    def seat(self, key, boundary="seat", **options):
        return self.env["event.boundary"].state_at(boundary, key, **options)["state"]

    def entries(self, key, boundary="seat"):
        """Return ``[(version, aggregate id, event type)]`` of a key, in order."""
        found = self.env["event.boundary.event"].search(
            [("boundary", "=", boundary), ("key", "=", key)], order="version"
        )
        return [(e.version, e.event_id.aggregate_id, e.event_id.event_type) for e in found]

    def row(self, key, boundary="seat"):
        domain = [("boundary", "=", boundary), ("key", "=", key)]
        return self.env["event.boundary.state"].search(domain)


class TestBoundaries(BoundaryCase):
    """A rule over streams decides about each event that is about a key."""

    def test_the_lint_of_a_handler_tells_each_history_as_if_it_were_alone(self):
        history = [("Booked", {"seat": "A1"})]
        self.assertEqual(lint_handler(self.env, "booking", [history]), [])

    def test_a_scenario_says_why_a_handler_is_off(self):
        handler = type(self.env["booking.snapshot.handler"])
        with patch.object(handler, "_snapshot_model", "no.such"):
            self.registry.clear_cache()
            story = scenario(self.env, boundary="seat")
            with self.assertRaisesRegex(AssertionError, "_snapshot_model names no.such"):
                story.when(("booking/B1", "Booked", {"seat": "A1"}))
        self.registry.clear_cache()

    def test_a_seat_is_taken_once(self):
        self.assertEqual(self.book("B1", "A1"), ("applied", ""))
        self.assertEqual(self.book("B2", "A1"), ("rejected", "A1 is taken by B1."))
        self.assertEqual(self.book("B3", "A2"), ("applied", ""))
        self.assertEqual(self.seat("A1"), {"by": "B1", "count": 1})
        self.assertEqual(self.entries("A1"), [(1, "B1", "Booked")])
        (failure,) = self.failures("B2", "booking")
        self.assertEqual(failure.broken_rule, "Booked/seat_taken")
        self.assertEqual(failure.event_type, "InvalidOperationAttempted")

    def test_its_rule_has_words(self):
        self.book("B1", "A1")
        self.book("B2", "A1")
        handler = self.store._find_handler("booking")
        registry = self.env["snapshot.handler.registry"]
        (failure,) = self.failures("B2", "booking")
        self.assertEqual(
            registry._rule_label("booking", failure.broken_rule), "One booking per seat"
        )
        self.assertNotIn("seat_taken", handler._rule_labels())

    def test_who_moves_away_leaves_the_seat_to_others(self):
        self.book("B1", "A1")
        self.assertEqual(self.tell(self.booking("B1", "Moved", seat="A2")), [("applied", "")])
        self.assertEqual(self.seat("A1")["by"], None)
        self.assertEqual(self.seat("A2")["by"], "B1")
        self.assertEqual(self.book("B2", "A1"), ("applied", ""))
        moved = self.tell(self.booking("B1", "Moved", seat="A1"))
        self.assertEqual(moved, [("rejected", "A1 is taken by B2.")])
        self.assertEqual(self.seat("A2")["by"], "B1")
        self.tell(self.booking("B2", "Cancelled"))
        self.assertEqual(
            self.entries("A1"),
            [(1, "B1", "Booked"), (2, "B1", "Moved"), (3, "B2", "Booked"), (4, "B2", "Cancelled")],
        )

    def test_an_event_without_a_key_is_about_none(self):
        self.assertEqual(self.tell(self.booking("B1")), [("applied", "")])
        self.assertEqual(self.tell(self.booking("B1", "Cancelled")), [("applied", "")])
        events = self.store.search([("aggregate_id", "=", "B1")], limit=9).ids
        entries = self.env["event.boundary.event"].search([("event_id", "in", events)], limit=1)
        self.assertFalse(entries)

    def test_other_companies_have_keys_of_their_own(self):
        other = self.env["res.company"].create({"name": "Other"})
        self.env.user.company_ids |= other
        self.book("B1", "A1")
        (answer,) = self.tell({**self.booking("B2", seat="A1"), "company_id": other.id})
        self.assertEqual(answer, ("applied", ""))
        self.assertEqual(self.seat("A1", company_id=other.id)["by"], "B2")
        self.assertEqual(self.seat("A1")["by"], "B1")

    def test_policies_are_those_of_any_rule(self):
        self.book("B1", "A1")
        with self.assertRaisesRegex(UserError, "A1 is taken by B1"):
            self.tell(self.booking("B2", seat="A1"), policy="reject")
        self.assertFalse(self.stream("B2", "booking"))
        self.assertEqual(self.entries("A1"), [(1, "B1", "Booked")])

    def test_the_reason_is_kept_in_every_language(self):
        self.env["res.lang"]._activate_lang("fr_FR")
        self.patch(
            type(self.env["seat.boundary"]),
            "_check_new",
            lambda boundary, *args: (_ for _ in ()).throw(
                UserError(f"said in {boundary.env.lang}")
            ),
        )
        store = self.store.with_context(lang="en_US")
        (answer,) = store.append_batch([self.booking("B1", seat="A1")])
        self.assertEqual(answer["message"], "said in en_US")
        (failure,) = self.failures("B1", "booking")
        self.assertEqual(failure.payload["error_messages"]["fr_FR"], "said in fr_FR")

    def test_a_bug_of_a_boundary_is_a_fault(self):
        with mute_logger("odoo.addons.event_sourcing.models.event_store_failure"):
            outcome, _message = self.book("B1", "A1", visitor="BUG")
        self.assertEqual(outcome, "failed")
        (failure,) = self.failures("B1", "booking")
        self.assertEqual(failure.event_type, "SystemErrorOccurred")
        self.assertFalse(self.entries("A1"))  # of the two boundaries none has taken it
        self.assertEqual(self.book("B2", "A1"), ("applied", ""))

    def test_two_boundaries_over_one_event(self):
        for name, seat in (("B1", "A1"), ("B2", "A2")):
            self.assertEqual(self.book(name, seat, visitor="Ann"), ("applied", ""))
        refused = ("rejected", "Ann has two bookings already.")
        self.assertEqual(self.book("B3", "A3", visitor="Ann"), refused)
        self.assertEqual(self.seat("A3"), {})
        self.assertEqual(self.seat("Ann", "visitor"), {"bookings": 2})

    def test_two_aggregate_types_under_one_boundary(self):
        for name, seat in (("B1", "A1"), ("B2", "A2")):
            self.book(name, seat, visitor="Ann")
        left = {
            "model_name": "queue",
            "aggregate_id": "Q1",
            "event_type": "Left",
            "payload": {"visitor": "Ann"},
        }
        self.assertEqual(
            self.tell(
                self.booking("B3", seat="A3", visitor="Ann"),
                left,
                self.booking("B4", seat="A4", visitor="Ann"),
            ),
            [("rejected", "Ann has two bookings already."), ("applied", ""), ("applied", "")],
        )

    def test_bad_keys_are_refused_in_a_sentence(self):
        for seat in ({"row": 1}, 1.5, True, "", "x" * 257, ["A1", None], [["A1"]], -1):
            with self.subTest(seat=seat):
                outcome, message = self.book("BAD", seat)
                self.assertEqual(outcome, "rejected")
                self.assertIn("seat must name what the event is about", message)

    def test_keys_that_are_no_text_in_code_are_a_fault(self):
        for found in (["A", 1.5], "A1", None, [""], {"A": 1}):
            with self.subTest(found=found):
                boundary = type(self.env["seat.boundary"])
                with patch.object(boundary, "_keys", lambda *_args, found=found: found):
                    self.tell(self.booking(f"K{found}", seat="K"))
                    with mute_logger("odoo.addons.event_sourcing.models.event_store_failure"):
                        ((outcome, _message),) = self.tell(
                            self.booking(f"K{found}", "Cancelled", why="x")
                        )
                self.assertEqual(outcome, "failed")
                self.tell(self.booking(f"K{found}", "Cancelled"))

    def test_ids_of_records_and_lists_of_keys(self):
        self.assertEqual(self.book("B1", 7), ("applied", ""))
        self.assertEqual(self.entries("7"), [(1, "B1", "Booked")])
        self.assertEqual(self.seat(7)["by"], None)  # the toy compares texts
        many = [f"M{number}" for number in range(1000)]
        before = self.env.cr.sql_log_count
        self.assertEqual(self.book("B2", many), ("applied", ""))
        self.assertLess(self.env.cr.sql_log_count - before, 20)
        self.assertEqual(self.entries("M999"), [(1, "B2", "Booked")])

    def test_former_names_and_versions_count(self):
        self.assertEqual(
            self.tell(
                {**self.booking("B1", "Reserved", chair="A1"), "schema_version": 1},
                self.booking("B2", seat="A1"),
            ),
            [("applied", ""), ("rejected", "A1 is taken by B1.")],
        )

    def test_what_stands_apart_from_it_takes_no_statement_more(self):
        def statements(call):
            self.store.append_batch([call])
            self.env.flush_all()
            name = call["aggregate_id"] + "x"
            call = {**call, "aggregate_id": name, "payload": {"seat": name}}
            before = self.env.cr.sql_log_count
            self.store.append_batch([call])
            self.env.flush_all()
            return self.env.cr.sql_log_count - before

        without = statements(self.booking("N1", "Noted"))
        self.assertEqual(without, 2)
        self.assertEqual(statements(self.booking("N2", seat="S1")), without)
        self.assertEqual(self.tell(self.booking("N2", "Cancelled")), [("applied", "")])
        self.store.append_batch([self.booking("N3", seat="S3")])
        before = self.env.cr.sql_log_count
        self.store.append_batch([self.booking("N3", "Cancelled")])
        self.assertEqual(self.env.cr.sql_log_count - before, without + 1)


class TestBatches(BoundaryCase):
    """A batch is decided in its order, whatever its streams."""

    def stories(self):
        return [
            self.booking("B1", seat="A1"),
            self.booking("B2", seat="A1"),
            self.booking("B1", "Moved", seat="A2"),
            self.booking("B2", seat="A1"),
            self.booking("B3", seat="A2"),
            self.booking("B1", "Cancelled"),
            self.booking("B3", seat="A2"),
        ]

    OUTCOMES = ["applied", "rejected", "applied", "applied", "rejected", "applied", "applied"]

    def check(self, told):
        self.assertEqual([outcome for outcome, _message in told], self.OUTCOMES)
        self.assertEqual(self.seat("A1")["by"], "B2")
        self.assertEqual(self.seat("A2")["by"], "B3")

    def test_in_one_batch(self):
        self.check(self.tell(*self.stories()))

    def test_one_by_one(self):
        self.check([self.tell(call)[0] for call in self.stories()])

    def test_where_the_database_makes_them_go_singly(self):
        # A number that no column holds spoils the statement of all.
        self.check(self.singly(self.stories()))

    def singly(self, calls):
        handler = type(self.store._find_handler("booking"))
        fold = handler._fold_together

        def refuse(handler, events, *args):
            from odoo.addons.event_sourcing.exceptions import StreamFoldError

            raise StreamFoldError([events[0][1].stream])

        self.patch(handler, "_fold_together", refuse)
        told = self.tell(*calls)
        self.patch(handler, "_fold_together", fold)
        return told

    def test_a_key_that_comes_up_only_when_an_event_was_refused(self):
        # A first fold without boundaries moves B1 to A2; with them it stays, and leaves A1.
        self.book("B1", "A1")
        self.book("B9", "A2")
        told = self.tell(
            self.booking("B1", "Moved", seat="A2"),
            self.booking("B1", "Cancelled"),
            self.booking("B5", seat="A1"),
        )
        self.assertEqual([outcome for outcome, _m in told], ["rejected", "applied", "applied"])
        self.assertEqual(self.seat("A1")["by"], "B5")
        self.assertEqual(self.seat("A2")["by"], "B9")

    def test_a_thousand_in_one(self):
        calls = [self.booking(f"T{number}", seat="HOT") for number in range(1000)]
        told = self.tell(*calls)
        self.assertEqual([outcome for outcome, _m in told].count("applied"), 1)
        self.assertEqual(self.seat("HOT"), {"by": "T0", "count": 1})


class TestRules(BoundaryCase):
    """States follow the rules of today; what was applied once stays applied."""

    def test_states_of_former_rules_are_folded_anew(self):
        self.book("B1", "A1")
        row = self.row("A1")
        self.env.cr.execute(
            "UPDATE event_boundary_state SET rules = 'old', state = '{\"by\": \"nobody\"}'"
            " WHERE id = %s",
            [row.id],
        )
        self.assertEqual(self.book("B2", "A1"), ("rejected", "A1 is taken by B1."))
        self.assertEqual(self.tell(self.booking("B1", "Cancelled")), [("applied", "")])
        row.invalidate_recordset()
        self.assertEqual(row.state, {"by": None, "count": 1})
        self.assertEqual(row.rules, self.env["seat.boundary"]._rules_digest())

    def test_what_new_rules_would_refuse_is_folded(self):
        self.book("B1", "A1")
        with patch.object(type(self.env["seat.boundary"]), "_check_new", lambda *args: None):
            self.assertEqual(self.book("B2", "A1"), ("applied", ""))
        self.assertEqual(self.seat("A1"), {"by": "B2", "count": 2})

    def test_what_evolve_refuses_in_replay_is_left_out(self):
        self.book("B1", "A1", visitor="Ann")
        boundary = type(self.env["visitor.boundary"])
        with patch.object(
            boundary, "_evolve", lambda *args: (_ for _ in ()).throw(UserError("no"))
        ):
            self.assertEqual(self.seat("Ann", "visitor"), {})
        self.assertEqual(self.seat("Ann", "visitor"), {"bookings": 1})

    def test_a_key_that_cannot_be_folded_takes_no_events(self):
        self.book("B1", "A1", visitor="Ann")
        self.env.cr.execute("UPDATE event_boundary_state SET rules = 'old'")
        self.env.cr.execute("DELETE FROM event_boundary_event WHERE boundary = 'visitor'")
        with mute_logger("odoo.addons.event_sourcing.models.event_store_failure"):
            outcome, message = self.book("B2", "A2", visitor="Ann")
        self.assertEqual(outcome, "failed")
        self.assertIn("has lost events", message)
        self.assertEqual(self.book("B3", "A3", visitor="Bob"), ("applied", ""))

    def test_states_of_the_past(self):
        for name, seat, day in (("B1", "A1", 1), ("B2", "A1", 5)):
            self.store.append(
                "booking", name, "Booked", {"seat": seat}, timestamp=f"2026-03-0{day} 10:00:00"
            )
            self.store.append(
                "booking", name, "Cancelled", timestamp=f"2026-03-0{day + 2} 10:00:00"
            )

        def at(moment):
            return self.seat("A1", timestamp=moment).get("by")

        self.assertEqual(at("2026-02-01 00:00:00"), None)
        self.assertEqual(at("2026-03-02 00:00:00"), "B1")
        self.assertEqual(at("2026-03-04 00:00:00"), None)
        self.assertEqual(at("2026-03-06 00:00:00"), "B2")
        self.assertEqual(self.seat("A1", version=1)["by"], "B1")
        self.assertEqual(self.seat("A1", version=0), {})
        answer = self.env["event.boundary"].state_at("seat", "A1")
        self.assertEqual(answer["version"], 4)
        self.assertEqual(answer["state_json"], '{"by":null,"count":2}')

    def test_questions_that_have_no_answer(self):
        boundary = self.env["event.boundary"]
        for args, said in (
            (("nothing", "A1"), "There is no boundary 'nothing'; there are: .*seat"),
            (("seat", None), "key must be a text or the id of a record"),
            (("seat", "A1", 1, "2026-01-01"), "Give a version or a time"),
            (("seat", "A1", "one"), "version must be a whole number"),
            ((["seat"], "A1"), "boundary must be a text"),
        ):
            with self.subTest(args=args), self.assertRaisesRegex(UserError, said):
                boundary.state_at(*args)


class TestInForce(BoundaryCase):
    """A boundary counts once it knows what was recorded before it was there."""

    def status(self, name="seat"):
        return self.env["event.boundary.status"].search([("boundary", "=", name)])

    def test_in_an_empty_store_at_once(self):
        self.assertEqual(self.status().state, "ready")

    def test_until_then_its_events_are_refused(self):
        self.status().state = "reading"
        with self.assertRaisesRegex(BoundaryNotReady, "One Booking per Seat does not count yet"):
            self.book("B1", "A1")
        self.assertFalse(self.stream("B1", "booking"))
        self.assertEqual(self.tell(self.booking("B1", "Noted")), [("applied", "")])

    def test_a_further_type_has_to_be_read(self):
        self.tell(self.booking("B1", "Noted"))
        boundary = type(self.env["seat.boundary"])
        with patch.object(
            boundary, "_subscribes", {"booking": ("Booked", "Moved", "Cancelled", "Noted")}
        ):
            self.assertFalse(self.env["event.boundary.status"]._ensure("seat"))
        self.assertEqual(self.status().state, "waiting")

    def test_a_further_type_of_which_nothing_is_stored(self):
        self.book("B1", "A1")
        boundary = type(self.env["seat.boundary"])
        with patch.object(
            boundary, "_subscribes", {"booking": ("Booked", "Moved", "Cancelled", "Painted")}
        ):
            self.assertTrue(self.env["event.boundary.status"]._ensure("seat"))
        self.assertIn("Painted", self.status().covers["booking"])

    def test_what_came_while_it_was_not_installed_has_to_be_read(self):
        boundaries, status = type(self.env["event.boundary"]), self.status()
        with patch.object(boundaries, "_names", lambda self: {}):
            status._register_hook()
            with patch.object(type(self.store), "_guarded_types", lambda self: frozenset()):
                self.assertEqual(self.book("B1", "A1"), ("applied", ""))
        status._register_hook()
        status.invalidate_recordset()
        self.assertEqual(status.state, "waiting")
        with self.assertRaises(BoundaryNotReady):
            self.book("B2", "A1")

    def test_installed_again_before_anything_came(self):
        status, name = self.status("visitor"), "_is_any_stored"
        with patch.object(type(self.env["event.boundary"]), "_names", lambda self: {}):
            status._register_hook()
        with patch.object(type(status), name, lambda self, types: False):
            status._register_hook()
        status.invalidate_recordset()
        self.assertEqual(status.state, "ready")

    def read(self, status):
        """Read all, without waiting for others: this test's transaction is one of them."""
        status.state = "waiting"
        self.env.cr.execute("DELETE FROM event_boundary_event WHERE boundary = %s", ["seat"])
        self.env.cr.execute("DELETE FROM event_boundary_state WHERE boundary = %s", ["seat"])
        status.write({"state": "reading", "position": 0})
        for _chunk in range(1000):  # other tests may have committed bookings
            if status.state not in ("waiting", "reading", "folding"):
                return
            status._work()
        self.fail("it does not end")

    def test_reading_gives_what_appends_gave(self):
        self.book("B1", "A1")
        self.book("B2", "A1")
        self.book("B3", "A2")
        self.tell(self.booking("B1", "Moved", seat="A5"), self.booking("B2", seat="A1"))
        keys = ("A1", "A2", "A5")
        live = [(self.entries(key), self.row(key).state, self.row(key).version) for key in keys]
        status = self.status()
        self.read(status)
        self.assertEqual(status.state, "ready")
        self.env.invalidate_all()
        again = [(self.entries(key), self.row(key).state, self.row(key).version) for key in keys]
        self.assertEqual(again, live)
        self.assertEqual(self.book("B9", "A2"), ("rejected", "A2 is taken by B3."))

    def test_what_cannot_be_read_is_a_managers_decision(self):
        self.book("B1", "A1")
        self.book("B2", "A2")
        fold = type(self.store._find_handler("booking"))._fold

        def break_one(handler, state, event):
            if event.aggregate_id == "B1":
                raise ValueError("a broken history")
            return fold(handler, state, event)

        status = self.status()
        with patch.object(type(self.store._find_handler("booking")), "_fold", break_one):
            self.read(status)
        self.assertEqual((status.state, status.problem_count), ("incomplete", 1))
        self.assertIn("B1: ValueError: a broken history", status.message)
        with self.assertRaisesRegex(BoundaryNotReady, "a manager sees under Boundaries why"):
            self.book("B3", "A3")
        status.action_accept()
        self.assertEqual(self.book("B3", "A3"), ("applied", ""))
        self.assertEqual(self.book("B4", "A2"), ("rejected", "A2 is taken by B2."))


class TestTesting(BoundaryCase):
    """Given / when / then and the lint of boundaries."""

    def test_a_story_of_several_aggregates(self):
        story = scenario(self.env, boundary="seat").given(("booking/B1", "Booked", {"seat": "A1"}))
        story.when(("booking/B2", "Booked", {"seat": "A1"})).then(rejected("taken by B1"))
        story.when(("booking/B1", "Moved", {"seat": "A2"})).then({"A1": {"by": None}})
        story.when(("booking/B2", "Booked", {"seat": "A1"})).then({"A1": {"by": "B2", "count": 2}})
        with self.assertRaisesRegex(AssertionError, "differ"):
            story.then({"A1": {"by": "B1"}})
        with self.assertRaisesRegex(AssertionError, "not refused"):
            story.then(rejected())
        with self.assertRaisesRegex(AssertionError, "there is no boundary nothing"):
            scenario(self.env, boundary="nothing")

    def lint(self, **methods):
        boundary = type(self.env["seat.boundary"])
        with ExitStack() as stack:
            for name, method in methods.items():
                stack.enter_context(patch.object(boundary, name, method))
            history = [
                ("booking/B1", "Booked", {"seat": "A1"}),
                ("booking/B2", "Booked", {"seat": "A1"}),
                ("booking/B1", "Cancelled"),
            ]
            return lint_boundary(self.env, "seat", [history])

    def test_the_lint_finds_what_would_fool_a_rebuild(self):
        self.assertEqual(self.lint(), [])

        def changing(boundary, state, event, key):
            state["by"] = 1
            return state

        for evolve, said in (
            (changing, "changes its arguments"),
            (lambda b, s, e, k: {"n": (1, 2)}, "JSON gives back differently"),
            (lambda b, s, e, k: {"at": next(self.clock)}, "different states"),
            (lambda b, s, e, k: None, "returned NoneType"),
            (lambda b, s, e, k: {"n": b.env["res.users"].search_count([])}, "DatabaseUsed"),
        ):
            with self.subTest(said=said):
                self.assertIn(said, " ".join(self.lint(_evolve=evolve)))
        self.assertIn("key 1.5", " ".join(self.lint(_keys=lambda b, e, s: [1.5])))

    clock = iter(range(10**6))

    def test_declarations(self):
        boundary = self.env["seat.boundary"]
        self.assertEqual((boundary._problems(), boundary._hints()), ([], []))
        kind = type(boundary)
        for name, value, said in (
            ("_subscribes", {"booking": "Booked"}, "write it like"),
            ("_subscribes", {}, "names no event type"),
            ("_key_fields", {"Booked": 1}, "write it like"),
            ("_key_fields", {"Booked": "seat", "Other": "seat"}, "does not subscribe"),
            ("_keys", lambda self, event: [], "takes 2 values"),
            ("_evolve", self.env.registry["event.boundary"]._evolve, "has no _evolve"),
            ("_keys", self.env.registry["event.boundary"]._keys, "name them in _key_fields"),
            ("_subscribes", {"article": ("Booked", "Moved")}, "apply_event of its own"),
        ):
            with self.subTest(name=name, value=value), patch.object(kind, name, value):
                self.assertIn(said, " ".join(boundary._problems()))
        for value, said in (
            ({"nobody": ("Booked", "Moved")}, "No handler reads events of nobody"),
            (
                {"booking": ("Booked", "Moved", "Sung")},
                "the handler of booking does not know",
            ),
        ):
            with self.subTest(value=value), patch.object(kind, "_subscribes", value):
                self.assertIn(said, " ".join(boundary._hints()))

    def test_one_declared_wrongly_takes_no_events(self):
        boundary = type(self.env["seat.boundary"])
        with patch.object(boundary, "_is_off", lambda self: True):
            with patch.object(boundary, "_problems", lambda self: ["It is wrong."]):
                with self.assertRaisesRegex(UserError, "seat.boundary is declared wrongly"):
                    self.book("B1", "A1")
                self.assertEqual(self.tell(self.booking("B1", "Noted")), [("applied", "")])
