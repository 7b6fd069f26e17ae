import csv
import random
from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz

from odoo import api, fields, models
from odoo.tools import file_open, mute_logger
from odoo.tools.barcode import get_barcode_check_digit

from odoo.addons.event_sourcing_base.from_code import FromCode, from_code

ODOOS_DEMO_COMPANY = "YourCompany"
FOLDER = "rental_event_sourcing/demo"
OPENED = 400  # days ago


class Shop(NamedTuple):
    """One of the demo's shops; amounts are in its currency."""

    key: str
    company: dict
    country: str
    currency: str
    timezone: str
    lang: str
    clerk: tuple  # login, name
    prefix: str | None  # of its rentals, where it numbers them by itself
    deposit: float
    late_fee: float


SHOPS = (
    Shop(
        "osaka",
        {
            "name": "大阪レンタル株式会社",
            "street": "浪速区日本橋西 1-4-9",
            "city": "大阪市",
            "zip": "556-0004",
            "phone": "06-5550-0142",
            "email": "osaka@example.com",
            "website": "http://osaka.example.com",
        },
        *("base.jp", "base.JPY", "Asia/Tokyo", "ja_JP", ("tanaka", "田中 恵子"), None),
        *(20000, 1500),
    ),
    Shop(
        "lyon",
        {
            "name": "Lyon Location SARL",
            "street": "12 rue des Entrepôts",
            "city": "Lyon",
            "zip": "69007",
            "phone": "04 55 50 01 42",
            "email": "lyon@example.com",
            "website": "http://lyon.example.com",
        },
        *("base.fr", "base.EUR", "Europe/Paris", "fr_FR", ("moreau", "Camille Moreau"), "L"),
        *(150, 12.5),
    ),
)
MANAGER = ("sato", "佐藤 美咲")
GROUPS = ("base.group_user", "base.group_allow_export")
CLERK = ("rental_event_sourcing.rental_order_group_user",)
MANAGERS = (
    "rental_event_sourcing.rental_order_group_manager",
    "event_sourcing.event_store_group_manager",
)


class RentalDemo(models.AbstractModel):
    """A year of two shops, told by real events; loaded with the demo data, once."""

    _name = "rental.demo"
    _description = "Demo Data of Rentals"

    @api.model
    def _generate(self):
        """Open the shops, and let a year of rentals happen, each event at its own time."""
        # The same choices on every install; nothing secret is drawn here.
        self = self.with_context(random=FromCode(random.Random(17)))
        companies = {shop.key: self._make_company(shop) for shop in SHOPS}
        everywhere = self.env["res.company"].union(*companies.values())
        manager = self._make_user(MANAGER, everywhere, MANAGERS)
        self._let_admin_in(everywhere)
        for shop in SHOPS:
            company = companies[shop.key]
            clerk = self._make_user(shop.clerk, company, CLERK)
            inside = self.with_context(allowed_company_ids=company.ids)
            customers = inside._make_customers(shop, company)
            owned = inside._make_owned(shop, company, manager)
            inside._make_rentals(shop, company, clerk, manager, customers, owned)
        self.with_company(companies["osaka"])._make_system_errors()

    # ------------------------------------------------------------------
    # Shops and people
    # ------------------------------------------------------------------

    def _make_company(self, shop):
        """Return the company of a shop, which is there already after an uninstall."""
        companies = self.env["res.company"]
        values = {
            **shop.company,
            "country_id": self.env.ref(shop.country).id,
            "currency_id": self.env.ref(shop.currency).id,
            "rental_late_fee": shop.late_fee,
        }
        company = companies.search([("name", "=", shop.company["name"])]) or companies.create(
            values
        )
        company.partner_id.tz = shop.timezone
        if shop.prefix:
            self._make_sequence(company, shop.prefix)
        return company

    def _let_admin_in(self, companies):
        """Let the administrator begin in the first shop, if he is in nobody's company so far."""
        admin = self.env.ref("base.user_admin")
        admin.company_ids += companies
        if admin.company_id.name == ODOOS_DEMO_COMPANY:
            admin.company_id = companies[0]

    def _make_sequence(self, company, prefix):
        sequences, code = self.env["ir.sequence"], "rental.order"
        if not sequences.search([("code", "=", code), ("company_id", "=", company.id)]):
            name = f"Rental {company.name}"
            values = {"name": name, "code": code, "prefix": prefix, "padding": 5}
            sequences.create({**values, "company_id": company.id})

    def _make_user(self, person, companies, groups):
        login, label = person
        users = self.env["res.users"].with_context(no_reset_password=True)
        name = "group_ids" if "group_ids" in users._fields else "groups_id"
        # Users stay when the addon is uninstalled; then they are taken on again.
        user = users.search([("login", "=", login)]) or users.create(
            {
                "name": label,
                "login": login,
                "password": login,
                "company_id": companies[0].id,
                "company_ids": [(6, 0, companies.ids)],
                "tz": companies[0].partner_id.tz,
            }
        )
        user.write({name: [(4, self.env.ref(group).id) for group in (*GROUPS, *groups)]})
        # They, and who looks at the demo first, begin with what it is about.
        home = self.env.ref("rental_event_sourcing.rental_order_action")
        for lands in (user, self.env.ref("base.user_admin")):
            lands.action_id = lands.action_id or home.id
        return user

    def _make_customers(self, shop, company):
        values = [
            {
                **{name: row[name] for name in ("name", "street", "zip", "city", "email")},
                "is_company": row["is_company"] == "1",
                "country_id": self.env.ref(shop.country).id,
                "company_id": company.id,
                "lang": self._lang(shop),
            }
            for row in self._rows("customers", shop)
        ]
        return self.env["res.partner"].create(values)

    def _lang(self, shop):
        """Return the language of a shop's customers where it is installed, else the user's."""
        installed = dict(self.env["res.lang"].get_installed())
        return shop.lang if shop.lang in installed else self.env.lang

    def _make_products(self, shop, company):
        """Return the products of a shop, which have Japanese names where that is installed."""
        rows = self._rows("products", shop)
        products = self.env["product.product"].create(
            [self._product(row, company, number) for number, row in enumerate(rows, 1)]
        )
        if "ja_JP" in dict(self.env["res.lang"].get_installed()):
            for product, row in zip(products.with_context(lang="ja_JP"), rows, strict=True):
                product.name = row["name_ja"] or row["name"]
        return products

    def _product(self, row, company, number):
        values = {
            "name": row["name"],
            "default_code": row["code"],
            "rental_ok": True,
            "rental_counting": row["counting"],
            "sale_ok": False,
            "list_price": 0,
            "company_id": company.id,
            **{f"rental_price_{name}": float(row[name]) for name in ("day", "week", "month")},
        }
        barcode = f"20{company.id:05}{number:05}"  # of those that a shop may give by itself
        barcode += str(get_barcode_check_digit(f"{barcode}0"))
        # Products stay when the addon is uninstalled, with their barcodes.
        taken = self.env["product.product"].search([("barcode", "=", barcode)], limit=1)
        return values if taken else {**values, "barcode": barcode}

    @api.model
    def _rows(self, name, shop):
        """Return the rows of a table of the demo that are about a shop."""
        with file_open(f"{FOLDER}/{name}.csv") as file:
            return [row for row in csv.DictReader(file) if row["shop"] == shop.key]

    # ------------------------------------------------------------------
    # Times
    # ------------------------------------------------------------------

    @api.model
    def _today(self, company):
        """Return the day that it is in a shop; what happened, happened before."""
        return self.env["event.store"]._business_today(company.id, fields.Datetime.now())

    @api.model
    def _moment(self, company, day, step=0):
        """Return a moment of a business day, in UTC; of more steps a later one.

        Days of a shop's zone: what is recorded of a day is then of that business day.
        """
        draw = from_code(self.env, "random")
        local = datetime.combine(day, time(9)) + timedelta(minutes=35 * step + draw.randint(0, 30))
        zone = pytz.timezone(company.partner_id.tz)
        return zone.localize(local).astimezone(pytz.utc).replace(tzinfo=None)

    @api.model
    def _at(self, records, company, day, user, step=0):
        """Return records about which a person records events as of a day."""
        moment = FromCode(self._moment(company, day, step))
        return records.with_user(user).sudo().with_context(event_timestamp=moment)

    def _make_system_errors(self):
        """Two faults as they happen: another system sends what no column can hold."""
        company = self.env.company
        yesterday = self._today(company) - timedelta(days=1)
        with mute_logger("odoo.sql_db", "odoo.addons.event_sourcing.models.event_store_failure"):
            for aggregate_id, payload in (
                ("WEB-1001", {"delivery_partner_id": 999999999, "quantity": 1}),
                ("WEB-1002", {"contact_partner_id": 999999999, "quantity": 2}),
            ):
                self.env["event.store"].append(
                    *("rental", aggregate_id, "RentalPlanned", payload),
                    timestamp=self._moment(company, yesterday),
                    policy="record",
                    company_id=company.id,
                )
