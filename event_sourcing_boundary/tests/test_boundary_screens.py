from unittest.mock import patch

from lxml import etree

from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing_boundary.tests.test_boundaries import BoundaryCase
from odoo.addons.test_event_sourcing.common import make_user, take_turns

MODELS = ("event.boundary.status", "event.boundary.state", "event.boundary.event")


class BoundaryScreensCase(BoundaryCase):
    def status(self, name="seat"):
        return self.env["event.boundary.status"].search([("boundary", "=", name)])

    def arch(self, model, kind, user):
        views = self.env[model].with_user(user).get_views([(False, kind)])
        return etree.fromstring(views["views"][kind]["arch"])

    def history(self):
        """A seat that two had, one after the other."""
        return take_turns(self.env)


class TestWhatIsSaid(BoundaryScreensCase):
    """What people see of a boundary is in their words."""

    def test_events_and_label(self):
        status = self.status("visitor")
        self.assertEqual(status.label, "Two Bookings per Visitor")
        self.assertEqual(status.display_name, "Two Bookings per Visitor")
        self.assertEqual(status.about, "booking: Booked\nqueue: Left")
        self.assertFalse(status.problem)

    def test_progress_while_it_reads(self):
        status = self.status()
        self.assertFalse(status.progress)
        for state, said in (("waiting", False), ("reading", "3 / 12"), ("ready", False)):
            status.sudo().write({"state": state, "done": 3, "total": 12})
            self.assertEqual(status.progress, said, state)

    def test_keys_open_from_it(self):
        row = self.history()
        action = self.status().action_open_keys()
        self.assertIn(row, self.env[action["res_model"]].search(action["domain"]))
        self.assertEqual(action["mobile_view_mode"], "kanban")
        self.assertEqual(self.status().key_count, 1)

    def test_a_key_without_events_is_not_shown(self):
        """A refused attempt leaves a locked row that holds nothing."""
        self.tell(self.booking("B1", seat="A1", visitor="BUG"))
        action = self.status().action_open_keys()
        self.assertFalse(self.env[action["res_model"]].search(action["domain"]))

    def test_a_handler_that_is_gone_or_claimed_twice(self):
        boundary = self.env["seat.boundary"]
        for model_name, said in (
            ("nobody", "No handler reads events of nobody: they are stored"),
            ("twice", "No event of twice can be recorded until its handler is put right"),
        ):
            self.patch(type(boundary), "_subscribes", {model_name: ("Booked", "Moved")})
            with self.subTest(model_name):
                self.assertEqual(boundary._problems(), [])
                self.assertIn(said, self.status().problem)
            self.env.invalidate_all()

    def test_a_handler_that_is_switched_off(self):
        boundary = self.env["seat.boundary"]
        registry = self.env["snapshot.handler.registry"]
        off = {"booking": "booking.snapshot.handler"}
        with patch.object(type(registry), "_off", lambda _self: off):
            self.assertIn("No event of booking can be recorded", " ".join(boundary._hints()))

    def test_an_addon_that_is_gone(self):
        row = self.history()
        boundaries = type(self.env["event.boundary"])
        with patch.object(boundaries, "_names", lambda _self: {}):
            self.assertIn("not installed", self.status().problem)
            self.assertEqual(self.status().label, "seat")
            self.assertEqual(row.boundary_label, "seat")


class TestKeys(BoundaryScreensCase):
    def test_its_events_in_order(self):
        row = self.history()
        self.assertEqual(row.boundary_label, "One Booking per Seat")
        self.assertEqual(
            [(e.version, e.event_label, e.aggregate_label, e.aggregate_id) for e in row.event_ids],
            [
                (3, "Booked", "booking", "B2"),
                (2, "Cancelled", "booking", "B1"),
                (1, "Booked", "booking", "B1"),
            ],
        )
        first = row.event_ids[-1]
        self.assertEqual(str(first.timestamp), "2026-03-01 10:00:00")
        self.assertEqual(first.recorded_by, self.env.user.name)
        action = first.action_open_event()
        self.assertEqual(
            (action["res_model"], action["res_id"]), ("event.store", first.event_id.id)
        )
        listed = row.action_open_events()
        found = self.env[listed["res_model"]].search(listed["domain"])
        self.assertEqual(found, row.event_ids)

    def test_an_event_in_an_archive(self):
        row = self.history()
        (first,) = row.event_ids[-1]
        self.env.cr.execute(
            "UPDATE event_boundary_event SET event_id = 2147483647 WHERE id = %s", [first.id]
        )
        self.env.invalidate_all()
        self.assertEqual(first.event_label, "In an archive")
        self.assertFalse(first.timestamp)
        self.assertFalse(first.aggregate_id)
        with self.assertRaisesRegex(UserError, "in an archive"):
            first.action_open_event()

    def test_how_many_events_there_were_at_a_moment(self):
        self.history()
        boundary = self.env["event.boundary"]
        for moment, count in (("2026-02-01", 0), ("2026-03-02", 1), ("2026-03-04", 2)):
            answer = boundary.state_at("seat", "A1", timestamp=f"{moment} 00:00:00")
            self.assertEqual(answer["version"], count, moment)


class TestWhoSeesWhat(BoundaryScreensCase):
    def test_each_group_opens_each_screen(self):
        self.history()
        for group in ("user", "integration", "auditor", "manager"):
            user = make_user(self.env, f"boundaries-{group}", group)
            for model in MODELS:
                for kind in ("list", "form", "search", "kanban"):
                    with self.subTest(group=group, model=model, kind=kind):
                        self.assertIsNotNone(self.arch(model, kind, user))
                self.env[model].with_user(user).search([], limit=100).read()

    def test_only_a_manager_has_the_buttons_and_may_use_them(self):
        status = self.status()
        status.sudo().state = "incomplete"
        for group, names in (
            ("user", set()),
            ("auditor", set()),
            ("manager", {"action_rebuild", "action_accept"}),
        ):
            user = make_user(self.env, f"buttons-{group}", group)
            header = self.arch("event.boundary.status", "form", user).find("header")
            self.assertEqual({b.get("name") for b in header.iter("button")}, names, group)
            if not names:
                for name in ("action_rebuild", "action_accept"):
                    with self.assertRaises(AccessError):
                        getattr(status.with_user(user), name)()
            else:
                status.with_user(user).action_accept()
                self.assertEqual(status.state, "ready")
                status.with_user(user).action_rebuild()
                self.assertEqual(status.state, "waiting")

    def test_no_json_for_people_who_only_look(self):
        for group, shown in (("user", False), ("auditor", True), ("manager", True)):
            user = make_user(self.env, f"json-{group}", group)
            arch = self.arch("event.boundary.state", "form", user)
            pages = {page.get("name") for page in arch.iter("page")}
            self.assertEqual("technical" in pages, shown, group)
            fields = {node.get("name") for node in arch.iter("field")}
            if not shown:
                self.assertFalse(fields & {"state_json", "rules"}, group)

    def test_keys_belong_to_companies(self):
        theirs = self.env["res.company"].create({"name": "Theirs"})
        self.env.user.company_ids |= theirs
        self.tell(
            self.booking("B1", seat="A1"),
            {**self.booking("B2", seat="A1"), "company_id": theirs.id},
        )
        clerk = make_user(self.env, "key-clerk", "user")
        auditor = make_user(self.env, "key-auditor", "auditor")
        domain = [("boundary", "=", "seat"), ("key", "=", "A1")]
        for model in ("event.boundary.state", "event.boundary.event"):
            seen = self.env[model].with_user(clerk).search(domain)
            self.assertEqual(seen.company_id, self.env.company, model)
            seen = self.env[model].with_user(auditor).search(domain)
            self.assertEqual(seen.company_id, self.env.company + theirs, model)
        other = self.env["event.boundary.state"].search([*domain, ("company_id", "=", theirs.id)])
        with self.assertRaises(AccessError):
            other.with_user(clerk).read(["key", "state"])
        self.assertEqual(other.with_user(auditor).event_ids.aggregate_id, "B2")
        self.assertEqual(self.status().with_user(clerk).key_count, 1)
        self.assertEqual(self.status().with_user(auditor).key_count, 2)
