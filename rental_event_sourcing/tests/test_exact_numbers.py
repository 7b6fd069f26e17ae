"""Numbers are kept as they were written, or are refused."""

from decimal import Decimal

from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import InvalidJson, exact_float, parse_object
from odoo.addons.test_event_sourcing.common import EventCase

LOST = (
    *("0.1234567890123456789", "9007199254740993.0", "12345678901234567890.12", "1e-400"),
    *("1.00000000000000000001", "-0.30000000000000000004", "9007199254740993e0"),
    *("123456789012345678e-3", "1e-99999999999999999999"),
)
KEPT = (
    "0.1",
    "10.125",
    "1e22",
    "1.50",
    "-0.0",
    "9007199254740992.0",
    "1E-7",
    "0.30000000000000004",
)


class TestExactNumbers(EventCase):
    def test_digits_that_a_double_loses(self):
        for text in LOST:
            with self.subTest(text), self.assertRaises(InvalidJson) as caught:
                parse_object(f'{{"a": [{{"b": {text}}}]}}')
            self.assertEqual(caught.exception.reason, "digits")
        for text in KEPT:
            self.assertEqual(parse_object(f'{{"a": {text}}}')["a"], float(text))

    def test_only_numbers_in_ascii(self):
        for text in ("１２", "1_000", "1,5", "", "٣"):
            with self.subTest(text), self.assertRaises(ValueError):
                exact_float(text)

    def test_append_says_so_in_a_sentence(self):
        for text in LOST:
            with self.subTest(text), self.assertRaisesRegex(UserError, "more digits"):
                self.store.append("counter", "E1", "Added", f'{{"amount": 1, "note": {text}}}')
        with self.assertRaisesRegex(UserError, "Decimal"):
            self.store.append("counter", "E1", "Added", {"amount": 1, "note": Decimal("0.1")})
        self.assertFalse(self.stream("E1"))

    def test_whole_numbers_keep_all_digits(self):
        note = 12345678901234567890123456789
        self.store.append("counter", "E2", "Added", f'{{"amount": 1, "note": {note}}}')
        self.assertEqual(self.store.state_at("counter", "E2")["state"]["trail"], [note])


class TestAmounts(EventCase):
    """Amounts of a rental follow the currency of its company."""

    def rental(self, currency, name="A1"):
        company = self.env["res.company"].create(
            {
                "name": f"House of {currency}",
                "currency_id": self.env.ref(f"base.{currency}").id,
                "rental_dates_required": False,
            }
        )
        self.env.user.company_ids += company
        self.company = company
        partner = self.env["res.partner"].create({"name": "Customer"})
        product = self.env["product.product"].create({"name": "Lift", "company_id": company.id})
        plan = {"partner_id": partner.id, "product_id": product.id, "quantity": 1}
        for event_type, payload in (
            ("RentalPlanned", plan),
            ("RentalConfirmed", {}),
            ("EquipmentDelivered", {}),
        ):
            self.assertEqual(self.record(event_type, payload)["outcome"], "applied")

    def record(self, event_type, payload):
        return self.store.append("rental", "A1", event_type, payload, company_id=self.company.id)

    def damage(self, cost):
        payload = {"description": "Lens", "repair_cost": cost, "charged": True}
        return self.record("DamageReported", payload)

    def snapshot(self):
        return self.env["rental.snapshot"].search(
            [("aggregate_id", "=", "A1"), ("company_id", "=", self.company.id)]
        )

    def test_three_decimals(self):
        self.rental("KWD")
        self.assertEqual(self.damage(10.125)["outcome"], "applied")
        self.assertEqual(self.damage(0.005)["outcome"], "applied")
        self.assertEqual(self.record("RentalInvoiced", {"amount": 10.125})["outcome"], "applied")
        self.assertEqual(
            self.record("PriceChanged", {"monthly_price": 7.125})["outcome"], "applied"
        )
        found = self.snapshot().read(
            ["damage_cost", "damage_charged", "invoiced_amount", "monthly_price"]
        )[0]
        found.pop("id")
        self.assertEqual(set(found.values()), {10.13, 10.125, 7.125})
        self.assertEqual(found["invoiced_amount"], 10.125)
        answer = self.damage(0.0005)
        self.assertEqual(answer["outcome"], "rejected")
        self.assertIn("KWD", answer["message"])

    def test_no_decimals(self):
        self.rental("JPY")
        self.assertEqual(self.damage(12000)["outcome"], "applied")
        self.assertEqual(self.damage(12000.0)["outcome"], "applied")
        self.assertEqual(self.damage(10.5)["outcome"], "rejected")
        self.assertEqual(self.record("RentalInvoiced", {"amount": 0.01})["outcome"], "rejected")
        self.assertEqual(self.snapshot().damage_cost, 24000)

    def test_the_price_of_a_line_has_the_decimals_of_the_currency_and_no_other_one(self):
        self.rental("USD")
        for said, sentence in (
            ({"price": 10.125}, "Line 1: Price has more decimals than an amount in USD"),
            ({"price": "10 EUR"}, "Price must be a number"),
        ):
            answer = self.record("PriceChanged", {"lines": {"1": said}})
            self.assertEqual(answer["outcome"], "rejected")
            self.assertIn(sentence, answer["message"])
        answer = self.record("PriceChanged", {"lines": {"1": {"price": 10.25}}})
        self.assertEqual(answer["outcome"], "applied", answer)

    def test_sums_without_noise(self):
        self.rental("USD")
        for _number in range(3):
            self.assertEqual(self.record("RentalInvoiced", {"amount": 0.1})["outcome"], "applied")
        state = self.store.state_at("rental", "A1", company_id=self.company.id)["state"]
        self.assertEqual(state["invoiced_amount"], 0.3)

    def test_sums_that_a_number_cannot_keep(self):
        self.rental("USD")
        self.assertEqual(self.record("RentalInvoiced", {"amount": 2**53})["outcome"], "applied")
        answer = self.record("RentalInvoiced", {"amount": 0.01})
        self.assertEqual(answer["outcome"], "rejected")
        self.assertEqual(self.snapshot().invoiced_amount, 2**53)

    def test_another_currency_later_changes_no_history(self):
        self.rental("KWD")
        self.damage(10.125)
        self.company.currency_id = self.env.ref("base.JPY")
        state = self.store.state_at("rental", "A1", company_id=self.company.id)["state"]
        self.assertEqual(state["damage_cost"], 10.125)
