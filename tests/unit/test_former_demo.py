"""The demo database of version 1.0.0, exported there, says the same here."""

import json
from pathlib import Path

from odoo.addons.event_sourcing_base.canonical_json import canonical
from odoo.addons.event_sourcing_transfer.tests.test_import import ImportCase

DATA = Path(__file__).parent / "data"
DATES = ("planned_start", "planned_end", "demo_end", "delivered_on", "returned_on")
SAME = ("status", "quantity", "monthly_price", "invoiced_amount", "damage_count", "damage_cost")
SAME += ("damage_charged", "cancel_reason", "version")


class TestFormerDemo(ImportCase):
    def test_statuses_dates_and_amounts_are_the_same(self):
        was = json.loads((DATA / "rentals_of_1_0_0.json").read_text(encoding="utf-8"))
        former = self.products_of_then()
        house = self.env["res.company"].create({"name": "The House of Then"})
        self.env.company.name = "Not the one of the file"
        self.manager.company_ids += house
        job = self.run_import(
            (DATA / "rentals_of_1_0_0.jsonl.gz").read_bytes(),
            company_id=house.id,
            unknown_people=True,
            trusted=True,
        )
        self.assertEqual((job.state, self.refused(job)), ("done", []), job.message)
        found = self.env["rental.snapshot"].search([("company_id", "=", house.id)])
        self.assertEqual(set(found.mapped("aggregate_id")), set(was))
        for rental in found:
            then = was[rental.aggregate_id]
            for name in DATES:
                self.assertEqual(str(rental[name]), str(then[name]), (rental.aggregate_id, name))
            for name in SAME:
                self.assertEqual(rental[name], then[name], (rental.aggregate_id, name))
            self.assertEqual(rental.product_id, former[then["former_product_id"]])
            replayed = self.store.state_at("rental", rental.aggregate_id, company_id=house.id)
            self.assertEqual(replayed["state_json"], canonical(rental.state))

    def products_of_then(self):
        """Return ``{id: product}`` of the catalogue of that time, as an update makes it."""
        formers = self.env["rental.former.product"]
        self.assertFalse(formers.search([], limit=1), "the demo data of today need none")
        products = {}
        for number in range(1, 6):
            product = self.env["product.product"].create({"name": f"Product {number}"})
            former = formers.create({"name": product.name, "product_id": product.id})
            self.env.cr.execute(
                "UPDATE rental_former_product SET id = %s WHERE id = %s", [number, former.id]
            )
            products[number] = product
        self.env.invalidate_all()
        self.env.registry.clear_cache()
        return products
