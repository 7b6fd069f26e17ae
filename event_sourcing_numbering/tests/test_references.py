"""The references of new records, of people and of a sequence; more in the tests of rentals."""

from odoo.exceptions import UserError

from odoo.addons.test_event_sourcing.common import EventCase


class TestNamedByPeople(EventCase):
    """Records whose reference somebody gives: test.ticket."""

    def begin(self, name, **more):
        ticket = self.env["test.ticket"].create({"name": name, **more})
        return ticket._begin_streams("Opened", {"title": name})

    def test_a_free_one_begins_a_stream(self):
        self.assertEqual(self.begin("B1").version, 1)

    def test_one_of_a_record_that_is_gone_is_refused(self):
        self.begin("B1")
        self.env["test.ticket"].search([("name", "=", "B1")]).unlink()
        with self.assertRaisesRegex(UserError, "B1 has a history already"):
            self.begin("B1")

    def test_one_of_another_company_is_free(self):
        self.begin("B1")
        theirs = self.env["res.company"].create({"name": "Theirs"})
        self.env.user.company_ids += theirs
        self.assertEqual(self.begin("B1", company_id=theirs.id).version, 1)


class TestNumbered(EventCase):
    def setUp(self):
        super().setUp()
        self.env["ir.sequence"].create({"name": "T", "code": "test.ticket", "prefix": "TT"})

    def begin(self, **options):
        ticket = self.env["test.ticket"].create({"name": "/"})
        return ticket._begin_streams("Opened", {"title": "T"}, "test.ticket", **options)

    def test_a_number_that_has_a_history_is_passed(self):
        names = [self.begin().aggregate_id]
        self.store.append("ticket", "TT2", "Opened", {"title": "of a record that is gone"})
        names.append(self.begin().aggregate_id)
        self.assertEqual(names, ["TT1", "TT3"])

    def test_a_code_without_a_sequence_says_so(self):
        self.env["ir.sequence"].search([("code", "=", "test.ticket")]).active = False
        with self.assertRaisesRegex(UserError, "There is no sequence test.ticket for"):
            self.begin()
