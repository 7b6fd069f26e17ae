import random
from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.tools import mute_logger

from odoo.addons.event_sourcing.from_code import FromCode, from_code

CUSTOMERS = (
    "株式会社東京建設",
    "大阪イベント企画",
    "北海道観光サービス",
    "横浜国際展示場",
    "福岡印刷工業",
    "Kyoto Film Studio",
    "Müller Maschinenbau GmbH",
    "Société Lumière",
    "Nordic Events AB",
    "Acme Rentals Ltd",
)
PRODUCTS = (  # with their prices in yen
    ("PRJ-01", "Laser projector", "レーザープロジェクター", 48000),
    ("GEN-05", "Generator 5 kVA", "発電機 5kVA", 62000),
    ("CAM-4K", "4K camera set", "4Kカメラセット", 85000),
    ("LFT-12", "Scissor lift 12 m", "高所作業車 12m", 138000),
    ("SND-02", "Sound system", "音響システム", 39500),
)
USERS = (
    ("tanaka", "田中 恵子"),
    ("suzuki", "鈴木 一郎"),
    ("sato", "佐藤 美咲"),
    ("smith", "John Smith"),
)
# Stories of rentals: (days after the one before, event type). Payloads are made when they
# are told. What is long past has come to an end; what is recent is still under way.
PAST = (
    (
        *((2, "DemoStarted"), (6, "RentalConfirmed"), (3, "EquipmentDelivered")),
        *((28, "RentalInvoiced"), (14, "EquipmentReturned"), (5, "RentalClosed")),
        (2, "DemoCancelled"),
    ),
    ((2, "DemoStarted"), (6, "DemoCancelled"), (1, "DemoCancelled")),
    (
        *((1, "RentalConfirmed"), (2, "EquipmentDelivered"), (25, "RentalInvoiced")),
        *((20, "EquipmentReturned"), (1, "DamageReported"), (6, "RentalClosed")),
    ),
    ((3, "RentalConfirmed"), (4, "RentalCancelled"), (1, "EquipmentDelivered")),
    (
        *((2, "RentalConfirmed"), (2, "EquipmentDelivered"), (9, "DamageReported")),
        *((3, "RentalClosed"), (20, "EquipmentReturned")),
    ),
    ((1, "DemoStarted"), (5, "RentalConfirmed"), (2, "EquipmentDelivered"), (15, "RentalExtended")),
)
RECENT = (
    ((1, "RentalConfirmed"), (3, "EquipmentDelivered"), (20, "RentalInvoiced")),
    ((2, "DemoStarted"), (6, "DemoCancelled"), (1, "DemoCancelled")),
    (
        *((1, "RentalConfirmed"), (2, "EquipmentDelivered"), (12, "RentalClosed")),
        *((2, "EquipmentReturned"), (1, "DamageReported")),
    ),
    ((1, "DemoStarted"), (7, "RentalConfirmed")),
    (),
    ((1, "DemoStarted"), (5, "DemoExtended")),
    ((3, "RentalConfirmed"), (1, "PriceChanged")),
    (),
    ((1, "DemoStarted"),),
)
RENTALS = 48
DAYS = 240
RECENT_DAYS = 90
YEN = 100  # so many for one of a currency that has decimals, near enough for a demo


class RentalDemo(models.AbstractModel):
    """Eight months of rentals, told by real events; loaded with the demo data, once."""

    _name = "rental.demo"
    _description = "Demo Data of Rentals"

    @api.model
    def _generate(self):
        """Plan the rentals and tell their stories, each event at its own time."""
        # The same choices on every install; nothing secret is drawn here.
        self = self.with_context(random=FromCode(random.Random(17)))
        users = self._make_users()
        partners = self.env["res.partner"].create([{"name": name} for name in CUSTOMERS])
        products = self._make_products()
        start = fields.Date.today() - timedelta(days=DAYS)
        for number in range(RENTALS):
            day = start + timedelta(days=number * (DAYS - 4) // RENTALS)
            recent = (fields.Date.today() - day).days < RECENT_DAYS
            stories = RECENT if recent else PAST
            self._tell(
                users[number % len(users)],
                partners[number * 3 % len(partners)],
                products[number * 2 % len(products)],
                day,
                stories[number % len(stories)],
                users,
            )
        self._make_system_errors()

    def _make_users(self):
        group = self.env.ref("rental_event_sourcing.rental_order_group_user")
        internal = self.env.ref("base.group_user")
        export = self.env.ref("base.group_allow_export")
        users = self.env["res.users"].with_context(no_reset_password=True)
        name = "group_ids" if "group_ids" in users._fields else "groups_id"
        made = []
        for login, label in USERS:
            # Users stay when the addon is uninstalled; then they are taken on again.
            user = users.search([("login", "=", login)]) or users.create(
                {
                    "name": label,
                    "login": login,
                    "password": login,
                    "company_id": self.env.company.id,
                    "company_ids": [(6, 0, self.env.company.ids)],
                    name: [(6, 0, internal.ids)],
                }
            )
            user.write({name: [(4, group.id), (4, export.id)]})
            made.append(user)
        # They, and who looks at the demo first, begin with what it is about.
        home = self.env.ref("rental_event_sourcing.rental_order_action")
        for user in (*made, self.env.ref("base.user_admin")):
            user.action_id = user.action_id or home.id
        return made

    def _amount(self, yen):
        """Return an amount of the demo in the currency of the company."""
        return yen // YEN if self.env.company.currency_id.decimal_places else yen

    def _make_products(self):
        products = self.env["product.product"]
        for code, name, translated, price in PRODUCTS:
            products += self._make_product(
                code, name, translated, rental_price_month=self._amount(price)
            )
        return products

    @api.model
    def _make_product(self, code, name, translated, **values):
        """Return a product for rent, which has its Japanese name where that is installed."""
        product = self.env["product.product"].create(
            {"default_code": code, "name": name, "rental_ok": True, **values}
        )
        if self.env["res.lang"].search_count([("code", "=", "ja_JP")]):
            product.with_context(lang="ja_JP").name = translated
        return product

    def _tell(self, user, partner, product, day, story, users):
        """Plan one rental as ``user``, and record its story."""
        draw = from_code(self.env, "random")
        order = (
            self.env["rental.order"]
            .with_user(user)
            .sudo()
            .with_context(event_timestamp=FromCode(self._moment(day)))
            .create(
                {
                    "partner_id": partner.id,
                    "product_id": product.id,
                    "quantity": draw.randint(1, 6),
                    "planned_start": day + timedelta(days=7),
                    "planned_end": day + timedelta(days=7 + draw.choice((30, 60, 90, 180))),
                    "monthly_price": product.rental_price_month,
                    "user_id": user.id,
                }
            )
        )
        for number, (wait, event_type) in enumerate(story):
            day += timedelta(days=wait)
            if day >= fields.Date.today():
                break  # has not happened yet
            # Now and then a colleague does it, and sometimes it is refused.
            person = user if number % 2 == 0 else users[(users.index(user) + number) % len(users)]
            payload = self._payload(event_type, order, day)
            # Long ago damages were written in their first version.
            old = event_type == "DamageReported" and story in PAST
            order.with_user(person)._apply_event(
                event_type,
                {"description": payload["description"], "cost": self._amount(12000)}
                if old
                else payload,
                schema_version=1 if old else None,
                timestamp=self._moment(day),
                policy="record",
            )

    def _payload(self, event_type, order, day):
        price = order.monthly_price
        return {
            "DemoStarted": {"demo_end": str(day + timedelta(days=14))},
            "DemoExtended": {"demo_end": str(day + timedelta(days=21))},
            "DemoCancelled": {"reason": "予算の都合"},
            "RentalCancelled": {"reason": "Event postponed"},
            "RentalExtended": {"planned_end": str(order.planned_end + timedelta(days=60))},
            "PriceChanged": {"monthly_price": round(price * 0.9)},
            "DamageReported": {
                "description": "レンズに傷",
                "repair_cost": self._amount(12000),
                "charged": order.quantity > 1,
            },
            "RentalInvoiced": {"amount": price * order.quantity},
        }.get(event_type, {})

    def _make_system_errors(self):
        """Two faults as they happen: another system sends what no column can hold."""
        store = self.env["event.store"]
        yesterday = self._moment(fields.Date.today() - timedelta(days=1))
        with mute_logger("odoo.sql_db", "odoo.addons.event_sourcing.models.event_store_failure"):
            for aggregate_id, payload in (
                ("WEB-1001", {"partner_id": 999999999, "quantity": 1}),
                ("WEB-1002", {"product_id": 999999999, "quantity": 2}),
            ):
                store.append(
                    *("rental", aggregate_id, "RentalPlanned", payload),
                    timestamp=yesterday,
                    policy="record",
                )

    def _moment(self, day):
        draw = from_code(self.env, "random")
        return datetime.combine(day, time(draw.randint(0, 8), draw.randint(0, 59)))
