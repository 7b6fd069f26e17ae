"""What a boundary knows of a key, in words: now, and as of any moment."""

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form

from odoo.addons.test_event_sourcing.common import EventCase, make_user, take_turns


class TestBoundaryWords(EventCase):
    def setUp(self):
        super().setUp()
        self.row = take_turns(self.env)

    def asked(self, user=None, action=None, **values):
        """Return the dialog as it is filled in."""
        action = action or self.row.action_view_as_of()
        questions = self.env[action["res_model"]].with_user(user or self.env.user)
        dialog = Form(questions.with_context(**action["context"]))
        for name, value in values.items():
            setattr(dialog, name, value)
        return dialog

    def at(self, moment, **options):
        dialog = self.asked(moment=fields.Datetime.to_datetime(moment), **options)
        cells = etree.fromstring(dialog.state_table or "<table/>").itertext()
        return dialog.event_count, list(cells), dialog.message or ""

    def test_now(self):
        document = self.env["event.document"]
        rows = document.describe("event.boundary.state", self.row.id, "state")["rows"]
        found = [(row["label"], row["value"]) for row in rows]
        self.assertEqual(found, [("Taken By", "B2"), ("How Often", "2")])

    def test_several_aggregate_types_and_one_that_is_gone(self):
        document = self.env["event.document"]
        self.assertIn("failed_event", document._boundary_words("visitor")["labels"])
        rows = document._rows({"by": "B1"}, document._boundary_words("gone"))
        self.assertEqual([(row["label"], row["value"]) for row in rows], [("by", "B1")])

    def test_at_a_moment(self):
        nothing = (0, [], "Nothing had happened yet.")
        self.assertEqual(self.at("2026-02-01 00:00:00"), nothing)
        first = ["Taken By", "B1", "How Often", "1"]
        self.assertEqual(self.at("2026-03-02 00:00:00"), (1, first, ""))
        self.assertEqual(self.at("2026-03-04 00:00:00")[1][:2], ["Taken By", "—"])
        self.assertEqual(self.at("2026-03-06 00:00:00")[0], 3)

    def test_its_figures_are_those_of_state_at(self):
        for day in range(1, 8):
            moment = f"2026-03-0{day} 10:00:00"
            found = self.env["event.boundary"].state_at("seat", "A1", timestamp=moment)
            self.assertEqual(self.at(moment)[0], found["version"], moment)

    def test_after_a_chosen_event(self):
        second = self.row.event_ids.filtered(lambda event: event.version == 2)
        dialog = self.asked(action=second.action_view_as_of())
        self.assertEqual((dialog.by, dialog.version, dialog.event_count), ("version", 2, 2))
        self.assertIn("Taken By", dialog.state_table)
        dialog.version = -1
        self.assertIn("version", dialog.message)
        self.assertFalse(dialog.state_table)

    def test_what_is_no_markup(self):
        self.store.append("booking", "<b>B3</b>", "Booked", {"seat": "<i>"})
        row = self.env["event.boundary.state"].search([("key", "=", "<i>")])
        dialog = self.asked(action=row.action_view_as_of())
        self.assertIn("&lt;b&gt;B3&lt;/b&gt;", dialog.state_table)

    def test_events_in_an_archive_are_a_sentence(self):
        self.env.cr.execute(
            "UPDATE event_boundary_event SET event_id = 2147483647 WHERE key = 'A1'"
            " AND boundary = 'seat' AND version = 2"
        )
        count, cells, message = self.at("2026-03-06 00:00:00")
        self.assertEqual((count, cells), (0, []))
        self.assertIn("are in an archive", message)

    def test_a_key_of_another_company(self):
        theirs = self.env["res.company"].create({"name": "Theirs"})
        clerk = make_user(self.env, "as-of-clerk", "user")
        auditor = make_user(self.env, "as-of-auditor", "auditor")
        values = {"boundary": "seat", "key": "A1", "company_id": theirs.id}
        questions = self.env["event.boundary.as.of"]
        with self.assertRaises(AccessError):
            questions.with_user(clerk).onchange(values, [], {"message": {}})
        question = questions.create(values)
        self.assertIn("company", questions.with_user(clerk).new(values)._answer()["message"])
        self.assertEqual(questions.with_user(auditor).new(values)._answer()["event_count"], 0)
        with self.assertRaises(AccessError):
            question.with_user(clerk).read(["message"])

    def test_a_reader_opens_it(self):
        clerk = make_user(self.env, "as-of-reader", "user")
        views = self.env["event.boundary.state"].with_user(clerk).get_views([(False, "form")])
        arch = etree.fromstring(views["views"]["form"]["arch"])
        self.assertIn("rows", [page.get("name") for page in arch.iter("page")])
        self.assertEqual(self.at("2026-03-06 00:00:00", user=clerk)[0], 3)
