"""The reference of a new rental: one that nobody had, in any of a company's histories."""

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tools import mute_logger

from odoo.addons.event_sourcing_numbering.models.event_source_reference import EventSourceReference
from odoo.addons.test_event_sourcing.common import EventCase, make_user

USER = "rental_event_sourcing.rental_order_group_user"


class NumbersCase(EventCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Customer"})
        cls.orders = cls.env["rental.order"]
        cls.sequence = cls.env.ref("rental_event_sourcing.rental_order_sequence")

    def setUp(self):
        super().setUp()
        # Numbers that no demo data has, and that a test can count on.
        self.sequence.write({"prefix": "T", "number_next": 1})

    def values(self, company=None, **vals):
        company = company or self.env.company
        products = self.env["product.product"]
        product = products.search([("company_id", "=", company.id)], limit=1)
        product = product or products.create({"name": "Lift", "company_id": company.id})
        return {
            "partner_id": self.partner.id,
            "product_id": product.id,
            "company_id": company.id,
            **vals,
        }

    def plan(self, count=1, company=None, **vals):
        return self.orders.create([self.values(company, **vals)] * count)

    def take(self, *names, company=None, event_type="RentalPlanned", **more):
        vals = {
            "model_name": "rental",
            "event_type": event_type,
            "payload": {"quantity": 7},
            "company_id": (company or self.env.company).id,
            **more,  # such as another payload
        }
        self.store.create([{**vals, "aggregate_id": name} for name in names])

    def own_sequence(self, company, **vals):
        return self.sequence.copy(
            {"company_id": company.id, "prefix": "T", "number_next": 1, **vals}
        )

    def company(self, name="Theirs"):
        company = self.env["res.company"].create({"name": name, "rental_dates_required": False})
        self.env.user.company_ids += company
        return company


class TestTakenReferences(NumbersCase):
    def test_a_stream_that_is_there_is_not_taken_over(self):
        self.take("T00001", "T00003")
        first, second = self.plan(), self.plan()
        self.assertEqual((first.name, second.name), ("T00002", "T00004"))
        for order in first + second:
            self.assertEqual((order.event_count, order.quantity), (1, 1))
        self.assertEqual(self.store.state_at("rental", "T00001")["state"]["quantity"], 7)

    def test_after_the_addon_came_anew_with_its_sequence(self):
        before = self.plan(120)
        self.assertEqual(before[-1].name, "T00120")
        # What an uninstall leaves: the streams, but neither records nor snapshots.
        self.env.cr.execute("DELETE FROM rental_order WHERE id = ANY(%s)", [before.ids])
        self.env.cr.execute("DELETE FROM rental_snapshot WHERE aggregate_id LIKE 'T%'")
        self.env.invalidate_all()
        self.sequence.number_next = 1
        orders = self.plan(2)
        self.assertEqual(orders.mapped("name"), ["T00121", "T00122"])
        self.assertEqual(orders.mapped("event_count"), [1, 1])
        self.assertEqual(self.plan().name, "T00123")

    def test_a_great_many_that_are_taken_are_passed_in_few_steps(self):
        self.env.cr.execute(
            "INSERT INTO event_stream (company_id, model_name, aggregate_id, version, unapplied)"
            " SELECT %s, 'rental', 'T' || lpad(n::text, 5, '0'), 1, 0"
            "   FROM generate_series(1, 5000) AS n",
            [self.env.company.id],
        )
        self.plan(company=self.company())  # caches
        before = self.env.cr.sql_log_count
        self.assertEqual(self.plan().name, "T05001")
        self.assertLess(self.env.cr.sql_log_count - before, 90)

    def test_a_number_that_only_a_refused_attempt_has_is_not_given(self):
        with mute_logger("odoo.addons.event_sourcing.models.event_store_failure"):
            self.take("T00001", event_type="RentalClosed")
        self.assertEqual(self.plan().name, "T00002")

    def test_what_is_refused_uses_up_no_number(self):
        for vals in (
            {"quantity": 0},
            {"planned_start": "2026-03-01", "planned_end": "2026-02-01"},
            {"monthly_price": -1},
        ):
            with self.assertRaises(UserError), self.env.cr.savepoint():
                self.plan(**vals)
        self.assertEqual(self.plan().name, "T00001")

    def test_nobody_can_slip_a_history_under_a_rental_that_is_not_saved(self):
        other = {"payload": {"quantity": 99, "planned_start": "2026-02-01"}}
        with self.assertRaisesRegex(UserError, "stands for a record that has no reference yet"):
            self.take("/", **other)
        self.take("T00001", **other)
        order = self.plan()
        self.assertEqual((order.name, order.planned_start), ("T00002", False))
        for name in ("/", "T00001"):
            form = self.orders.new({**self.values(quantity=1), "name": name})
            form._compute_from_snapshot()
            self.assertEqual((form.quantity, form.event_count), (1, 0))
            self.assertFalse(form.snapshot_id)
            form = self.orders.new({"name": name}, origin=order)
            form._compute_from_snapshot()
            self.assertEqual((form.quantity, form.event_count), (1, 1))
            with self.assertRaisesRegex(UserError, "Save the record first"):
                self.orders.new({"name": name})._apply_event("RentalConfirmed")

    def test_a_batch_keeps_its_order(self):
        self.take("T00002")
        self.assertEqual(self.plan(3).mapped("name"), ["T00001", "T00003", "T00004"])

    def test_every_kind_of_sequence(self):
        for vals in (
            {"implementation": "no_gap"},
            {"number_increment": 10},
            {"use_date_range": True},
            {"suffix": "/%(year)s"},
        ):
            with self.subTest(vals=vals):
                company = self.company(str(vals))
                own = self.own_sequence(company, **vals)
                names = [
                    own.get_next_char(n * own.number_increment - own.number_increment + 1)
                    for n in (1, 2, 3, 4, 5)
                ]
                self.take(*names[:2], names[3], company=company)
                orders = self.plan(2, company=company)
                self.assertEqual(orders.mapped("name"), [names[2], names[4]])

    def test_every_kind_of_sequence_passes_many(self):
        for vals in (
            {"implementation": "no_gap"},
            {"number_increment": 10},
            {"use_date_range": True, "prefix": "T%(range_year)s-"},
            {"use_date_range": True, "implementation": "no_gap"},
            {"number_next": 2, "number_increment": 7, "use_date_range": True},
        ):
            with self.subTest(vals=vals):
                company = self.company(str(vals))
                own = self.own_sequence(company, **vals)
                drawn = [own._next() for _number in range(130)]
                self.take(*drawn, company=company)
                own.write({"number_next": own.number_next_actual and 1})
                own.date_range_ids.write({"number_next": 1})
                names = self.plan(2, company=company).mapped("name")
                self.assertEqual(len(set(names)), 2)
                self.assertFalse({*names} & {*drawn})
                self.assertEqual(self.plan(company=company).event_count, 1)

    def test_whoever_is_faster_is_not_in_the_way(self):
        self.take("T00001")
        free = EventSourceReference._taken_references
        looked = []

        def late(records, keys):
            looked.append(1)
            return set() if len(looked) == 1 else free(records, keys)

        with patch.object(EventSourceReference, "_taken_references", late):
            self.assertEqual(self.plan().name, "T00002")
        self.plan()
        self.sequence.number_next = 2
        looked.clear()
        with (
            patch.object(EventSourceReference, "_taken_references", late),
            mute_logger("odoo.sql_db"),
        ):
            self.assertEqual(self.plan().name, "T00004")

    def test_without_a_sequence_it_says_so(self):
        self.sequence.active = False
        with self.assertRaisesRegex(UserError, "There is no sequence rental.order for"):
            self.plan()

    def test_a_sequence_that_never_gives_a_free_one_says_so(self):
        self.take("SAME")
        with patch.object(type(self.sequence), "get_next_char", lambda *_args: "SAME"):
            with self.assertRaisesRegex(UserError, "gives no reference that is free"):
                self.plan()


class TestExpectedVersion(NumbersCase):
    def test_a_new_record_begins_at_version_1(self):
        order = self.plan()
        for version in (2, "x", 0):
            with self.assertRaisesRegex(UserError, "leave out expected_version, or give 1"):
                order._begin_streams("RentalPlanned", expected_version=version)


class TestByCompany(NumbersCase):
    def test_two_companies_number_alike(self):
        theirs = self.company()
        self.own_sequence(theirs)
        ours, other = self.plan(), self.plan(company=theirs)
        self.assertEqual((ours.name, other.name), ("T00001", "T00001"))
        other._apply_event("RentalConfirmed")
        self.assertEqual((ours.status, other.status), ("draft", "confirmed"))
        self.assertEqual((ours.event_count, other.event_count), (1, 2))
        both = self.orders.create(
            [self.values(company) for company in (theirs, self.env.company, theirs)]
        )
        self.assertEqual(both.mapped("name"), ["T00002", "T00002", "T00003"])

    def test_a_stream_of_another_company_blocks_nobody(self):
        theirs = self.company()
        self.take("T00001", "T00002", company=theirs)
        self.assertEqual(self.plan().name, "T00001")

    def test_two_sequences_of_one_company_with_the_same_prefix(self):
        self.assertEqual(self.plan(2).mapped("name"), ["T00001", "T00002"])
        self.own_sequence(self.env.company)
        self.assertEqual(self.plan().name, "T00003")

    def test_a_clerk_of_the_other_company(self):
        theirs = self.company()
        self.own_sequence(theirs)
        self.plan()
        clerk = make_user(self.env, "numbers-clerk", USER, company=theirs)
        order = self.orders.with_user(clerk).create(self.values(theirs))
        self.assertEqual((order.name, order.event_count), ("T00001", 1))

    def test_the_database_keeps_two_of_one_company_apart(self):
        order = self.plan()
        with (
            self.assertRaisesRegex(Exception, "rental_order_name_uniq"),
            mute_logger("odoo.sql_db"),
        ):
            with self.env.cr.savepoint():
                self.env.cr.execute(
                    "UPDATE rental_order SET name = %s WHERE id = %s",
                    [order.name, self.plan().id],
                )
