"""The utilisation: with every append, however its events come, on screens and in files."""

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from odoo.exceptions import AccessError
from odoo.tools import SQL

from odoo.addons.event_sourcing_feed.testing import lint_projection, scenario
from odoo.addons.event_sourcing_feed.testing_projection import _empty, _rows_of
from odoo.addons.test_event_sourcing.common import make_user, migrate

from ..rental_share import Share
from .common import NOON, RentalFeedCase

NAME = "rental.utilisation.projection"
USER = "rental_event_sourcing.rental_order_group_user"
JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)
DAYS = st.dates(date(2026, 1, 20), date(2026, 3, 10)).map(str)
PIECES = st.fixed_dictionaries({"1": st.fixed_dictionaries({"quantity": st.integers(1, 3)})})
STEPS = st.one_of(
    st.tuples(
        st.sampled_from(["PlanChanged", "RentalPlanned"]),
        st.fixed_dictionaries(
            {},
            optional={
                "product_id": st.integers(0, 1),
                "quantity": st.integers(1, 3),
                "planned_start": st.none() | DAYS,
                "planned_end": st.none() | DAYS,
            },
        ),
    ),
    st.tuples(st.sampled_from(["RentalConfirmed", "RentalCancelled"]), st.just({})),
    st.tuples(
        st.just("EquipmentDelivered"),
        st.fixed_dictionaries({}, optional={"delivered_on": DAYS, "lines": PIECES}),
    ),
    st.tuples(
        st.just("EquipmentReturned"),
        st.fixed_dictionaries({}, optional={"returned_on": DAYS, "lines": PIECES}),
    ),
    st.tuples(st.just("RentalExtended"), st.fixed_dictionaries({"planned_end": DAYS})),
    st.tuples(
        st.just("RentalInvoiced"), st.fixed_dictionaries({"amount": st.sampled_from([0.1, 0.2, 7])})
    ),
)
STORIES = st.lists(st.tuples(st.sampled_from(["R1", "R2", "R3"]), STEPS), max_size=20)


class UtilisationCase(RentalFeedCase):
    def setUp(self):
        super().setUp()
        self.projection = self.env(su=True)[NAME]

    def be_live(self):
        self.env["event.projection.mode"].search([("projection", "=", NAME)]).live = True
        self.env.flush_all()

    def rows(self, product_id=None):
        rows = self.env["rental.utilisation"].search(
            [("product_id", "=", product_id or self.lift)], order="month"
        )
        return {row.month: (row.rentals_begun, row.unit_days, row.revenue) for row in rows}


class TestAnyStory(UtilisationCase):
    """In whatever way the same events are given, the same rows come out, and the right ones."""

    @settings(max_examples=20, deadline=None)
    @given(STORIES, st.integers(2, 7))
    def test_ways(self, story, size):
        products = (self.lift, self.crane)
        steps = [(name, "RentalPlanned", self.plan()) for name in ("R1", "R2", "R3")]
        for rental, (event_type, payload) in story:
            if "product_id" in payload:
                payload = {**payload, "product_id": products[payload["product_id"]]}
            steps.append((rental, event_type, payload))
        events = self.events(*steps)
        first = _rows_of(self.projection, [events])
        by_rental = sorted(events, key=lambda event: event.aggregate_id)
        for pages in (
            [[event] for event in events],
            [events[n : n + size] for n in range(0, len(events), size)],
            [[event] for event in by_rental],
        ):
            self.assertEqual(_rows_of(self.projection, pages), first)
        with _empty(self.env, [self.projection]):
            self.projection._project(events)
            self.assertEqual(self.found(), self.recomputed(events))

    def found(self):
        self.env.cr.execute(
            "SELECT product_id, month, rentals_begun, unit_days::text, revenue::text"
            " FROM rental_utilisation WHERE unit_days != 0 OR revenue != 0"
        )
        return {
            (product, month): (begun, Decimal(days), Decimal(revenue))
            for product, month, begun, days, revenue in self.env.cr.fetchall()
        }

    def recomputed(self, events):
        """Count day by day what is known of each rental in the end."""
        known = {}
        begun, unit_days, revenue = Counter(), Counter(), Counter()
        for event in events:
            new = {"quantity": 1, "invoices": [], "moves": [], "counted": False}
            rental = known.setdefault(event.aggregate_id, new)
            payload, kind = event.payload, event.event_type
            if kind == "RentalInvoiced":
                amount = Decimal(str(payload["amount"]))
                rental["invoices"].append((event.business_date.replace(day=1), amount))
            elif kind in ("EquipmentDelivered", "EquipmentReturned"):
                day = payload.get("delivered_on") or payload.get("returned_on")
                quantity = payload.get("lines", {}).get("1", {}).get("quantity", 3)
                rental["moves"].append((kind, day or str(event.business_date), quantity))
                rental["counted"] |= kind == "EquipmentDelivered"
            elif kind in ("RentalConfirmed", "RentalCancelled"):
                rental["counted"] = kind == "RentalConfirmed"
            else:
                rental.update(payload)
        for rental in known.values():
            product = rental.get("product_id")
            for month, amount in rental["invoices"] if product else []:
                revenue[product, month] += amount
            stretches = self.stretches(rental) if product and rental["counted"] else []
            if stretches:
                first = min(start for start, _end in stretches)
                begun[product, date.fromisoformat(first).replace(day=1)] += 1
            for start, end in stretches:
                day, last = date.fromisoformat(start), date.fromisoformat(max(start, end))
                while day <= last:
                    unit_days[product, day.replace(day=1)] += 1
                    day += timedelta(days=1)
        return {
            key: (begun[key], Decimal(unit_days[key]), Decimal(revenue[key]))
            for key in unit_days.keys() | revenue.keys()
        }

    def stretches(self, rental):
        """Return ``[(first, last day)]`` of each piece, which moves one after the other."""
        waiting, out, back = rental["quantity"], [], []
        for kind, day, quantity in rental["moves"]:
            for _piece in range(quantity):
                if kind == "EquipmentDelivered" and waiting:
                    waiting -= 1
                    out.append(day)
                elif kind == "EquipmentReturned" and out:
                    back.append((out.pop(0), day))
        returned = any(kind == "EquipmentReturned" for kind, _day, _quantity in rental["moves"])
        gone = [day for kind, day, _quantity in rental["moves"] if kind == "EquipmentDelivered"]
        start = rental.get("planned_start") or min(gone, default=None)
        if start and not (returned and not out):
            out = out + [start] * waiting
        return back + [(day, rental.get("planned_end") or day) for day in out]


class TestUtilisation(UtilisationCase):
    def test_a_rental_and_its_corrections(self):
        story = scenario(self.env, "rental").given(("RentalPlanned", self.plan()))
        story.projected({"rental.utilisation": []})
        story = story.given("RentalConfirmed")
        january = {"month": JANUARY, "rentals_begun": 1, "unit_days": 4}
        february = {"month": FEBRUARY, "rentals_begun": 0, "unit_days": 4}
        story.projected({"rental.utilisation": [january, february]})
        story = story.given("RentalCancelled")
        january, february = ({"unit_days": 0, "rentals_begun": 0} for _month in range(2))
        story.projected({"rental.utilisation": [january, february]})

    def test_lint(self):
        plan = ("rental", "RentalPlanned", self.plan())
        more = ("rental", "PlanChanged", {"product_id": self.crane, "planned_end": "2026-04-01"})
        confirmed, cancelled = (
            ("rental", f"Rental{what}", {}) for what in ("Confirmed", "Cancelled")
        )
        histories = [[plan, confirmed, more, cancelled], [plan, more, confirmed]]
        self.assertEqual(lint_projection(self.env, NAME, histories), [])

    def test_it_is_there_with_the_append(self):
        self.be_live()
        self.append("R-1", ("RentalPlanned", self.plan()), "RentalConfirmed")
        self.assertEqual(self.rows(), {JANUARY: (1, 4, 0), FEBRUARY: (0, 4, 0)})
        self.append("R-2", ("RentalPlanned", self.plan(quantity=1)), "RentalConfirmed")
        self.append("R-2", ("RentalInvoiced", {"amount": 12}))
        self.assertEqual(self.rows(), {JANUARY: (2, 6, 12), FEBRUARY: (0, 6, 0)})
        self.append("R-1", ("PlanChanged", {"product_id": self.crane}))
        self.assertEqual(self.rows(), {JANUARY: (1, 2, 12), FEBRUARY: (0, 2, 0)})
        self.assertEqual(self.rows(self.crane), {JANUARY: (1, 4, 0), FEBRUARY: (0, 4, 0)})

    def test_a_batch_takes_no_more_statements_than_one(self):
        """An append of rentals takes four more than without the read model."""
        counts = []
        for live, many in ((False, 1), (True, 1), (True, 100)):  # Odoo inserts so many
            mode = self.env["event.projection.mode"].search([("projection", "=", NAME)])
            mode.live = live
            self.append(f"WARM-{live}-{many}", ("RentalPlanned", self.plan()))
            self.env.flush_all()
            calls = [
                {
                    "model_name": "rental",
                    "aggregate_id": f"S-{live}-{many}-{number}",
                    "event_type": event_type,
                    "payload": payload,
                }
                for number in range(many)
                for event_type, payload in (("RentalPlanned", self.plan()), ("RentalConfirmed", {}))
            ]
            before = self.env.cr.sql_log_count
            self.store.append_batch(calls)
            self.env.flush_all()
            counts.append(self.env.cr.sql_log_count - before)
        without, one, batch = counts
        self.assertEqual((one - without, batch - one), (4, 0))

    def test_the_update_makes_a_line_of_the_one_product(self):
        company_id = self.env.company.id
        self.env.cr.execute(
            """
            ALTER TABLE rental_utilisation_share ADD COLUMN product_id int,
                ADD COLUMN quantity int, ADD COLUMN delivered_on date, ADD COLUMN returned_on date;
            INSERT INTO rental_utilisation_share (company_id, aggregate_id, counted, product_id,
                   quantity, delivered_on, returned_on, invoiced)
            VALUES (%(company)s, 'OLD-1', TRUE, %(product)s, 2, '2026-01-30', '2026-01-31',
                    '[["2026-01-01", "5"]]'),
                   (%(company)s, 'OLD-2', FALSE, 0, 1, NULL, NULL, '[]')
            """,
            {"company": company_id, "product": self.lift},
        )
        script = Path(__file__).parents[1] / "migrations" / "2.1.0" / "end-lines.py"
        migrate(self.env.cr, script, "2.0.0")
        shares = self.projection._shares([(company_id, "OLD-1"), (company_id, "OLD-2")])
        months = shares[company_id, "OLD-1"].months()
        self.assertEqual(months, {(self.lift, JANUARY): (1, 4, Decimal(5))})
        self.assertEqual(shares[company_id, "OLD-2"], Share())

    def test_a_product_that_is_gone_stops_nothing(self):
        self.be_live()
        product = self.env["product.product"].create({"name": "Gone"})
        plan = self.plan(product_id=product.id)
        steps = (
            ("RentalPlanned", plan),
            "RentalConfirmed",
            ("PlanChanged", {"product_id": self.lift}),
        )
        events = self.append("R-1", *steps)
        product.unlink()
        self.assertEqual(self.rows(), {JANUARY: (1, 4, 0), FEBRUARY: (0, 4, 0)})
        given = self.store._feed_events_of(events.ids, SQL("true"))
        with _empty(self.env, [self.projection]):
            self.projection._project(given)
            self.assertEqual(self.rows(), {JANUARY: (1, 4, 0), FEBRUARY: (0, 4, 0)})

    def test_made_anew_beside_it_is_the_same(self):
        self.be_live()
        events = self.append("R-1", ("RentalPlanned", self.plan()), "RentalConfirmed")
        before = self.rows()
        sub = self.env["event.subscription"].search([("consumer", "=", NAME)])
        build = self.env["event.projection.build"]._begin(sub)
        given = self.store._feed_events_of(events.ids, SQL("true"))
        with build._inside():
            self.assertEqual(self.rows(), {})
            self.projection._consume(sub, given)
            self.assertEqual(self.rows(), before)
        self.assertEqual(self.rows(), before)

    def test_sums_and_files(self):
        self.be_live()
        for name, product in (("R-1", self.lift), ("R-2", self.crane), ("R-3", self.lift)):
            plan = self.plan(product_id=product)
            paid = ("RentalInvoiced", {"amount": 12})
            self.append(name, ("RentalPlanned", plan), "RentalConfirmed", paid)
        user = make_user(self.env, "util-clerk", USER, "base.group_allow_export")
        rows = self.env["rental.utilisation"].with_user(user)
        domain = [("product_id", "in", (self.lift, self.crane))]
        measures = ["rentals_begun:sum", "unit_days:sum", "revenue:sum"]
        by_product = rows._read_group(domain, ["product_id"], measures)
        found = {product.id: sums for product, *sums in by_product}
        self.assertEqual(found, {self.lift: [2, 16, 24], self.crane: [1, 8, 12]})
        by_month = rows._read_group(domain, ["month:month"], ["unit_days:sum"])
        self.assertEqual(by_month, [(JANUARY, 12), (FEBRUARY, 12)])
        cells = ["month", "product_id", "rentals_begun", "unit_days", "revenue"]
        exported = rows.search(domain, order="month, product_id").export_data(cells)["datas"]
        self.assertEqual(exported[0], [JANUARY, "Crane", 1, 4, 12])

    def test_readers(self):
        self.be_live()
        self.append("R-1", ("RentalPlanned", self.plan()), "RentalConfirmed")
        theirs = self.env["res.company"].create({"name": "Theirs"})
        domain = [("product_id", "=", self.lift)]
        for login, group, company, count in (
            ("util-own", USER, self.env.company, 2),
            ("util-other", USER, theirs, 0),
            ("util-auditor", "auditor", theirs, 2),
        ):
            user = make_user(self.env, login, group, company=company)
            rows = self.env["rental.utilisation"].with_user(user)
            self.assertEqual(rows.search_count(domain), count, login)
            with self.assertRaises(AccessError):
                rows.create({"product_id": self.lift, "month": NOON, "company_id": company.id})
        with self.assertRaises(AccessError):
            rows = self.env["rental.utilisation"].with_user(make_user(self.env, "util-no", "user"))
            rows.search(domain)

    def test_screens(self):
        action = self.env.ref("rental_event_sourcing_feed.rental_utilisation_action")
        for kind in action.view_mode.split(","):
            self.env["rental.utilisation"].get_views([(False, kind), (False, "search")])
