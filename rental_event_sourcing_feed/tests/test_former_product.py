"""Days of rentals of the former catalogue count for what their products became."""

from .test_utilisation import UtilisationCase


class TestFormerProduct(UtilisationCase):
    def test_days_are_of_the_product(self):
        self.be_live()
        former = self.env["rental.former.product"].create(
            {"name": "Old Lift", "product_id": self.lift}
        )
        plan = ("RentalPlanned", self.plan(product_id=former.id))
        self.append("R-F1", plan, schema_version=1)
        self.append("R-F1", "RentalConfirmed")
        rows = self.env["rental.utilisation"].search([("product_id", "=", self.lift)])
        self.assertEqual(sum(rows.mapped("unit_days")), 8)
        share = self.env["rental.utilisation.share"].search([("aggregate_id", "=", "R-F1")])
        self.assertEqual(share.lines, [["1", self.lift, 2, 0]])
