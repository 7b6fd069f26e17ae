"""The utilisation in percent: of what is owned, right for groups, on screens and in files."""

import io
import json
from datetime import date, timedelta

import openpyxl

from odoo import fields, http
from odoo.tests import HttpCase

from odoo.addons.event_sourcing_feed.testing import lint_projection
from odoo.addons.event_sourcing_feed.testing_projection import _empty
from odoo.addons.test_event_sourcing.common import make_user

from .common import RentalFeedCase
from .test_utilisation import FEBRUARY, JANUARY, USER

PROJECTIONS = ("rental.utilisation.projection", "rental.owned.projection")


class ReportCase(RentalFeedCase):
    def setUp(self):
        super().setUp()
        modes = self.env["event.projection.mode"].search([("projection", "in", PROJECTIONS)])
        modes.live = True
        self.env.flush_all()
        self.report = self.env["rental.utilisation.report"]

    def own(self, product_id, change, day, why="bought"):
        payload = {"product_id": product_id, "change": change, "why": why, "changed_on": day}
        name = f"P{product_id}"
        answer = self.store.append("rental_stock", name, "QuantityChanged", payload)
        self.assertEqual(answer["outcome"], "applied", answer)

    def book(self, name, product_id, start, end, quantity=1, **options):
        plan = self.plan(start, end, product_id=product_id, quantity=quantity)
        self.append(name, ("RentalPlanned", plan), "RentalConfirmed", **options)

    def domain(self, *months):
        months = months or (JANUARY, FEBRUARY)
        return [("product_id", "in", (self.lift, self.crane)), ("month", "in", months)]

    def usual(self):
        """10 lifts and 1 crane since January; 1 lift is out in all of it, the crane never."""
        self.own(self.lift, 10, "2026-01-01")
        self.own(self.crane, 1, "2026-01-01")
        self.book("U-1", self.lift, "2026-01-01", "2026-01-31")


class TestReport(ReportCase):
    def rows(self, *months):
        rows = self.report.search(self.domain(*months), order="product_id, month")
        return [(r.product_id.name, r.month.month, r.unit_days, r.owned_days) for r in rows]

    def percent(self, groupby, *months):
        """Return the percentages of groups in the order of their names or months."""
        found = self.report._read_group(self.domain(*months), groupby, ["utilisation:avg"])
        found.sort(key=lambda row: str(row[0].name if groupby == ["product_id"] else row[0]))
        # A group without a percentage has none, not 0.
        values = [value for *_groups, value in found]
        return [None if v is None or v is False else round(v, 4) for v in values]

    def test_a_row_for_each_product_and_month(self):
        self.usual()
        self.assertEqual(
            self.rows(),
            [("Crane", 1, 0, 31), ("Crane", 2, 0, 28), ("Lift", 1, 31, 310), ("Lift", 2, 0, 280)],
        )
        lift = self.report.search([*self.domain(JANUARY), ("product_id", "=", self.lift)])
        self.assertEqual(lift.utilisation, 10)

    def test_a_group_has_that_of_its_sums(self):
        self.usual()
        self.assertEqual(self.percent([], JANUARY), [round(3100 / 341, 4)])
        self.assertEqual(self.percent(["month:month"]), [round(3100 / 341, 4), 0])
        self.assertEqual(self.percent(["product_id"]), [0, round(3100 / 590, 4)])
        (total,) = self.report.read_group(self.domain(), ["utilisation"], [])
        self.assertEqual(round(total["utilisation"], 4), round(3100 / 649, 4))

    def test_what_nobody_recorded_as_owned_does_not_count(self):
        self.own(self.lift, 10, "2026-01-01")
        self.book("U-1", self.lift, "2026-01-01", "2026-01-31")
        self.book("U-2", self.crane, "2026-01-01", "2026-01-31")
        self.assertEqual(self.percent([], JANUARY), [10])
        self.assertEqual(self.percent(["product_id"], JANUARY), [None, 10])
        self.assertIn(("Crane", 1, 31, 0), self.rows(JANUARY))

    def test_days_on_which_it_came_and_went(self):
        self.own(self.lift, 4, "2026-01-30")
        self.book("U-1", self.lift, "2026-01-30", "2026-01-31")
        self.append("U-1", ("EquipmentDelivered", {}), ("EquipmentReturned", {}))
        self.own(self.lift, -1, "2026-01-31", "lost")
        self.own(self.lift, -3, "2026-02-02", "sold")
        self.assertEqual(self.rows(), [("Lift", 1, 1, 8), ("Lift", 2, 0, 6)])

    def test_units_of_serial_numbers(self):
        self.env["product.product"].browse(self.lift).rental_counting = "serial"
        names = [f"{self.lift}/UT-{number}" for number in (1, 2)]
        for name, day in zip(names, ("2026-01-30", "2026-02-01"), strict=True):
            serial = name.partition("/")[2]
            payload = {"serial_number": serial, "product_id": self.lift, "acquired_on": day}
            self.store.append("rental_unit", name, "UnitAcquired", payload)
        gone = {"reason": "Sold"}
        answer = self.store.append(
            "rental_unit", names[0], "UnitRetired", gone, timestamp="2026-02-03 03:00:00"
        )
        self.assertEqual(answer["outcome"], "applied", answer)
        self.book("U-1", self.lift, "2026-02-01", "2026-02-01")
        self.assertEqual(self.rows(FEBRUARY), [("Lift", 2, 1, 31)])

    def test_months_to_come_have_what_is_owned_now(self):
        today = fields.Date.context_today(self.report)
        later = date(today.year + 3, 4, 1)
        self.own(self.lift, 2, "2026-01-01")
        self.book("U-1", self.lift, str(later), str(later + timedelta(days=2)))
        self.assertEqual(self.rows(later), [("Lift", 4, 3, 60)])

    def test_lint(self):
        lift, crane = ({"product_id": n, "change": 3, "why": "bought"} for n in (self.lift, 0))
        histories = [
            [("rental_stock", "QuantityChanged", lift)],
            [("rental_stock", "QuantityChanged", {**lift, "why": "lost", "change": -1})],
            [("rental_unit", "UnitRetired", {"reason": "x"})],
            [("rental_stock", "QuantityChanged", {**crane, "change": "many"})],
        ]
        self.assertEqual(lint_projection(self.env, PROJECTIONS[1], histories), [])

    def test_from_the_events_again_it_is_the_same(self):
        self.usual()
        before = self.rows()
        projection = self.env(su=True)[PROJECTIONS[1]]
        events = self.store.search([("model_name", "=", "rental_stock")], order="id")
        given = self.store._feed_events_of(events.ids, projection._feed_filter())
        with _empty(self.env, [projection]):
            projection._project(list(reversed(given)))
            self.assertEqual(self.rows(), before)

    def test_two_currencies_have_no_sum(self):
        other = self.env["res.currency"].with_context(active_test=False)
        other = other.search([("id", "!=", self.env.company.currency_id.id)], limit=1)
        other.active = True
        theirs = self.env["res.company"].create({"name": "Theirs", "currency_id": other.id})
        self.env.user.company_ids += theirs
        for company, name in ((self.env.company, "U-1"), (theirs, "U-2")):
            own = {"company_id": company.id}
            self.append(name, ("RentalPlanned", self.plan()), "RentalConfirmed", **own)
            self.append(name, ("RentalInvoiced", {"amount": 12}), **own)
        for model in ("rental.utilisation", "rental.utilisation.report"):
            (total,) = self.env[model].read_group(self.domain(), ["revenue", "unit_days"], [])
            self.assertEqual((total["revenue"] or None, total["unit_days"]), (None, 16), model)
            groups = self.env[model].read_group(self.domain(), ["revenue"], ["company_id"])
            self.assertEqual([group["revenue"] for group in groups], [12, 12], model)

    def test_readers(self):
        self.usual()
        theirs = self.env["res.company"].create({"name": "Theirs"})
        for login, group, company, count in (
            ("util-own", USER, self.env.company, 4),
            ("util-other", USER, theirs, 0),
            ("util-auditor", "auditor", theirs, 4),
        ):
            user = make_user(self.env, login, group, company=company)
            self.assertEqual(self.report.with_user(user).search_count(self.domain()), count, login)

    def test_screens(self):
        action = self.env.ref("rental_event_sourcing_feed.rental_utilisation_action")
        self.assertEqual(action.res_model, self.report._name)
        for kind in action.view_mode.split(","):
            self.report.get_views([(False, kind), (False, "search")])


class TestFiles(ReportCase, HttpCase):
    def heads(self, names):
        """Return the heads of the groups in a file of the list, grouped by product."""
        known = self.report.fields_get()
        data = {
            "model": self.report._name,
            "fields": [
                {"name": n, "label": known[n]["string"], "type": known[n]["type"]} for n in names
            ],
            "ids": False,
            "domain": [
                ["product_id", "in", [self.lift, self.crane]],
                ["month", "<=", str(FEBRUARY)],
            ],
            "groupby": ["product_id"],
            "context": {"lang": "en_US", "allowed_company_ids": self.env.company.ids},
            "import_compat": False,
        }
        answer = self.url_open(
            "/web/export/xlsx",
            data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)},
        )
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        rows = sheet.iter_rows(min_row=2)
        return [tuple(cell.value for cell in row) for row in rows if row[0].font.bold]

    def test_groups_in_excel(self):
        self.usual()
        self.authenticate("admin", "admin")
        found = self.heads(["month", "unit_days", "owned_days", "utilisation"])
        lift = [head for head in found if head[0].startswith("Lift")]
        self.assertEqual([head[1:3] for head in lift], [(31, 590)])
        self.assertEqual(round(lift[0][3], 4), round(3100 / 590, 4))
        # Without the days nobody can tell: the mean of the rows would be wrong.
        found = self.heads(["month", "utilisation"])
        self.assertEqual({head[1] for head in found}, {None})
