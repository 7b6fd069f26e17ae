"""Month end: what was out line by line, as typed cells of a file that says of when it is."""

import io
import json
import re
from datetime import date, datetime
from urllib.parse import unquote

import openpyxl
from lxml import etree

from odoo import fields, http
from odoo.tests import HttpCase, tagged

from odoo.addons.rental_event_sourcing.line_days import out_since, piece_days
from odoo.addons.test_event_sourcing.common import EventCase, make_user

from .test_as_of import LIST
from .test_rental_limits import without_limits

JAPANESE = re.compile("[぀-ヿ一-鿿]")
END = "2026-10-31 14:59:59"  # of October, in Tokyo


class Shop:
    """Rentals of October 2026 in Tokyo: chairs by quantity, lifts by serial number."""

    def set_up_shop(self):
        self.yen = self.env.ref("base.JPY")
        self.yen.active = True
        company = self.env["res.company"].create({"name": "Osaka", "currency_id": self.yen.id})
        company.partner_id.tz = "Asia/Tokyo"
        self.env.user.company_ids += company
        self.env = self.env(context={**self.env.context, "allowed_company_ids": company.ids})
        without_limits(self.env)
        self.env["res.lang"]._activate_lang("ja_JP")
        self.store = self.env["event.store"]
        self.partner = self.env["res.partner"].create({"name": "=Sato"})
        products = self.env["product.product"]
        self.chair = products.create({"name": "Chair"})
        self.lift = products.create({"name": "Lift", "rental_counting": "serial"})
        self.units = self.env["rental.unit"].create(
            [
                {"product_id": self.lift.id, "serial_number": number, "acquired_on": "2026-01-01"}
                for number in ("L-1", "L-2", "L-3")
            ]
        )
        self.stock(self.chair, 50)

    def stock(self, product, pieces):
        payload = {"product_id": product.id, "change": pieces, "why": "bought"}
        self.store.append(
            *("rental_stock", f"P{product.id}", "QuantityChanged", payload),
            timestamp="2026-01-01 00:00:00",
        )

    def plan(self, **more):
        lines = {
            "1": {"product_id": self.chair.id, "quantity": 10, "price": 100},
            "2": {"product_id": self.lift.id, "quantity": 3, "price": 5000},
        }
        lines["1"]["price_period"] = lines["2"]["price_period"] = "week"
        lines["2"]["unit_ids"] = self.units.mapped("name")
        days = {"planned_start": "2026-10-10", "planned_end": "2026-10-30"}
        return {"partner_id": self.partner.id, **days, "lines": lines, **more}

    def story(self, key, *events, **options):
        for moment, event_type, payload in events:
            answer = self.store.append(
                "rental", key, event_type, payload, timestamp=moment, **options
            )
            self.assertEqual(answer["outcome"], "applied", answer["message"])

    def usual(self, key="ME1"):
        """Chairs and two lifts go out, four chairs and a lift come back, the rest in November."""
        lifts = self.units.mapped("name")
        first = {"1": {"quantity": 10}, "2": {"quantity": 2, "unit_ids": lifts[:2]}}
        back = {"1": {"quantity": 4}, "2": {"quantity": 1, "unit_ids": lifts[:1]}}
        self.story(
            key,
            ("2026-10-01 01:00:00", "RentalPlanned", self.plan()),
            ("2026-10-02 01:00:00", "RentalConfirmed", {}),
            ("2026-10-10 01:00:00", "EquipmentDelivered", {"lines": first}),
            ("2026-10-20 01:00:00", "EquipmentReturned", {"lines": back}),
            ("2026-11-05 01:00:00", "EquipmentReturned", {}),
        )

    def ask(self, before=None, moment=END, user=None, **options):
        jobs = self.env["event.job"].with_user(user or self.env.user).with_context(tz="Asia/Tokyo")
        clean = self.store._clean_timestamp
        action = jobs._ask(
            "compare" if before else "as_of",
            "rental",
            clean(moment),
            clean(before) if before else False,
            options=options or None,
        )
        self.env.flush_all()
        self.env.invalidate_all()
        return action

    def rows(self, action, user=None):
        found = self.env[action["res_model"]].with_user(user or self.env.user)
        return found.search([*action["domain"], ("aggregate_id", "=like", "ME%")])


class TestLines(EventCase, Shop):
    def setUp(self):
        super().setUp()
        self.set_up_shop()
        self.usual()

    def lines(self, moment=END, user=None):
        return self.rows(self.ask(moment=moment, user=user, of_lines=True), user)

    def test_what_was_out_per_product_and_unit(self):
        rows = self.lines()
        self.assertEqual(rows._name, "rental.line.as.of")
        self.assertEqual(
            [
                (row.product_id.name, row.unit_id.serial_number, row.quantity, row.pieces_out)
                for row in rows
            ],
            [("Chair", False, 10, 6), ("Lift", "L-2", 1, 1), ("Lift", False, 2, 0)],
        )
        groups = rows._read_group(
            [("id", "in", rows.ids)], ["product_id"], ["pieces_out:sum", "quantity:sum"]
        )
        self.assertEqual({p.name: rest for p, *rest in groups}["Lift"], [1, 3])
        self.assertEqual(set(rows.mapped("partner_id.name")), {"=Sato"})
        self.assertEqual(rows[1].out_since, date(2026, 10, 10))

    def test_days_out_until_then_and_in_the_month(self):
        def days(moment):
            rows = self.lines(moment)
            chairs = rows.filtered(lambda row: row.product_id == self.chair)
            lifts = rows - chairs
            return [
                (sum(found.mapped("days_out")), sum(found.mapped("month_days")))
                for found in (chairs, lifts)
            ]

        # Six chairs from the 10th to the 31st, four to the 20th; one lift each.
        self.assertEqual(days(END), [(6 * 22 + 4 * 11,) * 2, (22 + 11,) * 2])
        # On the fifth of November the rest is back; that day counts.
        late = [(6 * 27 + 4 * 11, 6 * 5), (27 + 11, 5)]
        self.assertEqual(days("2026-11-30 14:59:59"), late)
        self.assertEqual(days("2026-10-05 00:00:00"), [(0, 0), (0, 0)])

    def test_amounts_as_agreed_then(self):
        rows = self.lines()
        amounts = {}
        for row in rows:
            amounts.setdefault(row.product_id.name, []).append(row.amount)
        # Three weeks from the 10th to the 30th.
        self.assertEqual(sum(amounts["Chair"]), 10 * 100 * 3)
        self.assertEqual(sum(amounts["Lift"]), 3 * 5000 * 3)
        self.story("ME1", ("2026-11-01 01:00:00", "DamageReported", {"description": "Scratch"}))
        self.story(
            "ME2",
            ("2026-10-01 01:00:00", "RentalPlanned", self.plan()),
            ("2026-11-02 01:00:00", "PriceChanged", {"lines": {"1": {"price": 900}}}),
        )
        then = self.lines().filtered(lambda row: row.aggregate_id == "ME2")
        self.assertEqual(then.filtered(lambda row: row.product_id == self.chair).amount, 3000)

    def test_overdue_then(self):
        self.assertEqual(set(self.lines().mapped("overdue")), {True})  # since the 30th
        self.assertEqual(set(self.lines("2026-10-30 14:00:00").mapped("overdue")), {False})
        self.assertEqual(set(self.lines("2026-11-30 14:59:59").mapped("overdue")), {False})
        (row,) = self.rows(self.ask())
        self.assertTrue(row.overdue)
        arch = etree.fromstring(row.get_view(view_type=LIST)["arch"])
        self.assertEqual(arch.get("decoration-danger"), "overdue")

    def test_sums_of_the_rows_are_those_of_the_line(self):
        plan = self.plan()
        plan["lines"]["2"]["price"] = 3333
        self.story(
            "ME3",
            (
                "2026-09-01 01:00:00",
                "RentalPlanned",
                plan | {"planned_start": "2026-09-01", "planned_end": "2026-09-06"},
            ),
            ("2026-09-01 02:00:00", "RentalConfirmed", {}),
            ("2026-09-01 03:00:00", "EquipmentDelivered", {}),
        )
        rows = self.lines("2026-09-02 14:00:00").filtered(
            lambda row: row.aggregate_id == "ME3" and row.product_id == self.lift
        )
        self.assertEqual(rows.mapped("pieces_out"), [1, 1, 1])
        self.assertEqual(sum(rows.mapped("amount")), 3 * 3333)

    def test_rows_open_the_rental_and_are_those_of_who_asked(self):
        order = self.env["rental.order"].create(
            {"partner_id": self.partner.id, "product_id": self.chair.id}
        )
        clerk = make_user(
            self.env, "me-clerk", "user", "rental_event_sourcing.rental_order_group_user"
        )
        action = self.ask(moment="2099-01-01 00:00:00", user=clerk, of_lines=True)
        rows = self.env[action["res_model"]].with_user(clerk).search(action["domain"])
        row = rows.filtered(lambda row: row.aggregate_id == order.name)
        opened = row.action_open_source()
        self.assertEqual((opened["res_model"], opened["res_id"]), ("rental.order", order.id))
        other = make_user(self.env, "me-other", "user")
        self.assertFalse(rows.with_user(other).search(action["domain"]))

    def test_the_menu_asks_for_lines(self):
        action = self.env.ref("rental_event_sourcing.rental_line_as_of_action")
        self.assertIn("'default_of_lines': True", action.context)
        question = self.env["event.as.of"].create({"model_name": "rental", "of_lines": True})
        shown = question.action_show()
        self.assertEqual(shown["res_model"], "rental.line.as.of")
        for view_id, kind in shown["views"]:
            self.assertTrue(self.env["rental.line.as.of"].get_view(view_id, kind)["arch"])
        question.two_moments = True
        self.assertEqual(question.action_show()["res_model"], "event.snapshot.drift")
        question.write({"two_moments": False, "of_lines": False})
        self.assertEqual(question.action_show()["res_model"], "rental.snapshot.as.of")

    def test_days_of_pieces(self):
        out = {
            "kind": "delivered",
            "day": "2026-03-05",
            "lines": {"1": {"quantity": 2, "unit_ids": ["U"]}},
        }
        back = {
            "kind": "returned",
            "day": "2026-03-05",
            "lines": {"1": {"quantity": 1, "unit_ids": []}},
        }
        both = {"3": out, "4": back}
        for moves, first, last, days in (
            ({}, None, date(2026, 3, 9), 0),
            ({"3": out}, None, date(2026, 3, 4), 0),
            ({"3": out}, None, date(2026, 3, 5), 2),
            (both, None, date(2026, 3, 5), 2),  # out and back on one day is a day
            (both, None, date(2026, 3, 6), 3),
            (both, date(2026, 3, 6), date(2026, 3, 7), 2),
            (both, date(2026, 4, 1), date(2026, 4, 2), 2),
        ):
            self.assertEqual(piece_days(moves, "1", first, last), days)
        self.assertEqual(piece_days(both, "2", None, date(2026, 3, 9)), 0)
        self.assertEqual(
            (out_since(both, "1", "U"), out_since(both, "1", "V")), ("2026-03-05", None)
        )


class TestComparison(EventCase, Shop):
    def setUp(self):
        super().setUp()
        self.set_up_shop()
        self.usual()

    def differences(self):
        action = self.ask(before="2026-10-15 03:00:00")
        return action, self.rows(action)

    def test_groups_are_open_and_say_customer_and_product(self):
        action, rows = self.differences()
        arch = etree.fromstring(rows.get_view(*action["views"][0])["arch"])
        self.assertEqual(arch.get("expand"), "1")
        self.assertEqual((arch.get("action"), arch.get("type")), ("action_open_source", "object"))
        for name in ("partner_id", "product_id"):
            self.assertTrue(arch.xpath(f"//field[@name='{name}']"), name)
        self.assertEqual(set(rows.mapped("partner_id")), {self.partner})
        # What differs in a line is about the product of that line.
        found = {(row.key, row.product_id.name, row.before_value, row.after_value) for row in rows}
        self.assertIn(("lines.1.returned", "Chair", "0", "4"), found)
        self.assertIn(("lines.2.returned", "Lift", "0", "1"), found)

    def test_a_row_opens_the_record(self):
        order = self.env["rental.order"].create(
            {"partner_id": self.partner.id, "product_id": self.chair.id}
        )
        rows = self.env["event.snapshot.drift"].search(
            self.ask(before="2026-01-01 00:00:00", moment="2099-01-01 00:00:00")["domain"]
        )
        row = rows.filtered(lambda row: row.aggregate_id == order.name)[0]
        opened = row.action_open_source()
        self.assertEqual((opened["res_model"], opened["res_id"]), ("rental.order", order.id))
        # Without a business record, its history.
        other = rows.filtered(lambda row: row.aggregate_id == "ME1")[0]
        self.assertIn(other.action_open_source()["res_model"], ("rental.order", "event.stream"))

    def test_words_are_those_of_the_reader(self):
        """Whoever asked in Japanese: another reader reads it in his own language."""
        addons = ("event_sourcing", "event_sourcing_job", "rental_event_sourcing")
        self.env["ir.module.module"]._load_module_terms(addons, ["ja_JP"])
        japanese = self.env(context={"lang": "ja_JP", "tz": "Asia/Tokyo"})
        clean = self.store._clean_timestamp
        job_action = japanese["event.job"]._ask(
            "compare", "rental", clean(END), clean("2026-10-15 03:00:00")
        )
        self.env.invalidate_all()
        rows = self.env["event.snapshot.drift"].with_context(lang="en_US")
        rows = rows.search([*job_action["domain"], ("aggregate_id", "=", "ME1")])
        for lang, other in (("en_US", False), ("ja_JP", True)):
            for row in rows.with_context(lang=lang):
                self.assertEqual(bool(JAPANESE.search(row.label)), other, row.label)
        values = {row.key: row.after_value for row in rows}
        self.assertEqual(values["lines.2.out"], "L-2")  # a serial number, no reference
        self.assertEqual(values["movements.4.kind"], "Returned")

    def test_codes_are_words_of_the_reader(self):
        self.env["ir.module.module"]._load_module_terms(["rental_event_sourcing"], ["ja_JP"])
        for lang, words in (("en_US", "per week"), ("ja_JP", "／週")):
            documents = self.env["event.document"].with_context(lang=lang)
            rows = documents.compare("rental", "ME1", version=1)["rows"]
            found = {row["key"]: row["after"] for row in rows}
            self.assertEqual(found["lines.1.price_period"], words)

    def test_a_gone_product_and_customer(self):
        _action, rows = self.differences()
        self.env.cr.execute("DELETE FROM rental_order WHERE name = 'ME1'")
        self.env.cr.execute("DELETE FROM rental_snapshot WHERE aggregate_id = 'ME1'")
        self.env.invalidate_all()
        self.partner.unlink()
        self.env.invalidate_all()
        self.assertFalse(rows.partner_id)
        _action, rows = self.differences()
        self.assertTrue(rows)
        self.assertFalse(rows.partner_id)


@tagged("post_install", "-at_install")
class TestFiles(HttpCase, Shop):
    def setUp(self):
        super().setUp()
        self.set_up_shop()
        self.usual()
        self.admin = self.env.ref("base.user_admin")
        self.admin.company_ids += self.env.company
        self.authenticate("admin", "admin")

    def second_company(self):
        """Let a rental be one of a company with another currency; return both companies."""
        francs = self.env.ref("base.CHF")
        francs.active = True
        company = self.env["res.company"].create({"name": "Lausanne", "currency_id": francs.id})
        company.partner_id.tz = "Asia/Tokyo"
        self.admin.company_ids += company
        self.env.user.company_ids += company
        own = {"company_id": company.id}
        plan = self.plan()
        plan["lines"] = {"1": {**plan["lines"]["1"], "price": 99.5}}
        moment = "2026-10-01 01:00:00"
        self.story("ME9", (moment, "RentalPlanned", plan), **own)
        return self.env.company + company

    def export(self, action, names, kind="xlsx", groupby=(), companies=None, ids=None):
        model = self.env[action["res_model"]]
        known = model.fields_get()
        domain = [*action["domain"], ("aggregate_id", "=like", "ME%")]
        data = {
            "model": model._name,
            "fields": [
                {"name": n, "label": known[n]["string"], "type": known[n]["type"]} for n in names
            ],
            "ids": ids or False,
            "domain": domain,
            "groupby": list(groupby),
            "context": {
                "lang": "en_US",
                "tz": "Asia/Tokyo",
                "allowed_company_ids": (companies or self.env.company).ids,
            },
            "import_compat": False,
        }
        answer = self.url_open(
            f"/web/export/{kind}",
            data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)},
        )
        self.assertEqual(answer.status_code, 200, answer.text[:500])
        disposition = unquote(answer.headers["Content-Disposition"])
        name = disposition.rpartition("''")[2] or disposition
        if kind == "csv":
            return name, answer.content.decode()
        return name, openpyxl.load_workbook(io.BytesIO(answer.content)).active

    def as_of(self, companies=None, **options):
        context = {"tz": "Asia/Tokyo", "lang": "en_US"}
        context["allowed_company_ids"] = (companies or self.env.company).ids
        env = self.env(user=self.admin, context=context)
        before = options.pop("before", None)
        clean = self.store._clean_timestamp
        action = env["event.job"]._ask(
            "compare" if before else "as_of",
            "rental",
            clean(options.pop("moment", END)),
            clean(before) if before else False,
            options=options or None,
        )
        self.env.flush_all()
        self.env.invalidate_all()
        return action

    def test_a_list_of_the_past(self):
        names = ("aggregate_id", "partner_id", "quantity", "planned_end", "last_event_date")
        names += ("invoiced_amount", "version", "overdue")
        self.story("ME1", ("2026-10-21 01:00:00", "RentalInvoiced", {"amount": 1234}))
        name, sheet = self.export(self.as_of(), names)
        self.assertEqual(name, "Rentals 2026-10-31 JPY.xlsx")
        self.assertEqual(sheet.title, "Rentals 2026-10-31 JPY")
        cells = dict(zip(names, sheet[2], strict=True))
        self.assertEqual(cells["partner_id"].value, "=Sato")
        self.assertEqual(cells["partner_id"].data_type, "s")
        for column, value, number_format in (
            ("quantity", 13, "#,##0"),
            ("planned_end", datetime(2026, 10, 30), "yyyy-mm-dd"),
            ("last_event_date", datetime(2026, 10, 21, 10), "yyyy-mm-dd hh:mm:ss"),
            ("invoiced_amount", 1234, "#,##0"),  # yen have no decimals
            ("version", 6, "0"),
        ):
            cell = cells[column]
            self.assertEqual((cell.value, cell.number_format), (value, number_format), column)
            self.assertIn(cell.data_type, ("n", "d"), column)
        self.assertIs(cells["overdue"].value, True)

    def test_a_moment_that_is_no_end_of_a_day(self):
        name, sheet = self.export(self.as_of(moment="2026-10-15 03:00:00"), ("aggregate_id",))
        self.assertEqual(name, "Rentals 2026-10-15 12.00.xlsx")  # no amounts, no currency
        self.assertEqual(sheet.title, "Rentals 2026-10-15 12.00")

    def test_what_was_out(self):
        names = ("aggregate_id", "product_id", "unit_id", "pieces_out", "out_since", "amount")
        name, sheet = self.export(self.as_of(of_lines=True), names)
        self.assertEqual(name, "Rentals 2026-10-31 JPY.xlsx")
        rows = list(sheet.iter_rows(min_row=2))
        self.assertEqual([row[3].value for row in rows], [6, 1, 0])
        self.assertEqual((rows[1][2].value, rows[1][4].value), ("L-2", datetime(2026, 10, 10)))
        self.assertEqual((rows[0][5].value, rows[0][5].number_format), (3000, "#,##0"))

    def test_a_comparison(self):
        names = ("aggregate_id", "partner_id", "product_id", "label", "before_value")
        name, sheet = self.export(self.as_of(before="2026-09-30 14:59:59"), names)
        self.assertEqual(name, "Rentals 2026-09-30 - 2026-10-31.xlsx")
        self.assertEqual(sheet.title, "Rentals 2026-09-30 - 2026-10-31")
        self.assertIn("=Sato", {row[1].value for row in sheet.iter_rows(min_row=2)})

    def test_amounts_in_two_currencies(self):
        companies = self.second_company()
        names = ("aggregate_id", "quantity", "amount", "product_id")
        action = self.as_of(companies, of_lines=True)
        name, sheet = self.export(action, names, companies=companies)
        self.assertEqual(name, "Rentals 2026-10-31 CHF-JPY.xlsx")
        titles = [cell.value for cell in sheet[1]]
        self.assertEqual(titles[2:4], ["Amount", "Currency"])
        found = {(row[0].value, row[3].value) for row in sheet.iter_rows(min_row=2)}
        self.assertEqual(found, {("ME1", "JPY"), ("ME9", "CHF")})
        amounts = {row[2].value for row in sheet.iter_rows(min_row=2)}
        self.assertIn(10 * 99.5 * 3, amounts)
        self.assertEqual({r[2].number_format for r in sheet.iter_rows(min_row=2)}, {"#,##0.00"})
        name, text = self.export(action, names, kind="csv", companies=companies)
        self.assertEqual(name, "Rentals 2026-10-31 CHF-JPY.csv")
        self.assertIn("CHF", text)

    def test_sums_of_groups_are_numbers_and_never_of_two_currencies(self):
        companies = self.second_company()
        names = ("aggregate_id", "quantity", "amount")
        action = self.as_of(companies, of_lines=True)

        def heads(groupby):
            _name, sheet = self.export(action, names, groupby=groupby, companies=companies)
            return [
                (row[0].value.strip(), *(cell.value for cell in row[1:3]))
                for row in sheet.iter_rows(min_row=2)
                if row[0].font.bold
            ]

        self.assertIn(("Chair (2)", 20, None), heads(["product_id"]))
        by_company = heads(["company_id", "product_id"])
        self.assertIn(("Lausanne (1)", 10, 2985), by_company)
        self.assertIn(("Chair (1)", 10, 2985), by_company)
        self.assertIn(("Chair (1)", 10, 3000), by_company)

    def test_what_is_true_now_says_when(self):
        order = self.env["rental.order"].create(
            {"partner_id": self.partner.id, "product_id": self.chair.id, "monthly_price": 7}
        )
        model = self.env["rental.order"]
        data = {
            "model": model._name,
            "fields": [
                {"name": n, "label": n, "type": model._fields[n].type}
                for n in ("name", "monthly_price")
            ],
            "ids": order.ids,
            "domain": [],
            "groupby": [],
            "context": {
                "lang": "en_US",
                "tz": "Asia/Tokyo",
                "allowed_company_ids": self.env.company.ids,
            },
            "import_compat": False,
        }
        answer = self.url_open(
            "/web/export/xlsx",
            data={"data": json.dumps(data), "csrf_token": http.Request.csrf_token(self)},
        )
        sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).active
        today = fields.Datetime.context_timestamp(
            model.with_context(tz="Asia/Tokyo"), fields.Datetime.now()
        )
        self.assertRegex(sheet.title, rf"^Rental {today:%Y-%m-}\d\d \d\d\.\d\d JPY$")
