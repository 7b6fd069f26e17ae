from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestRecordRental(TransactionCase):
    def test_the_wizard_helps(self):
        wizard = self.env["event.store.record.wizard"].create(
            {"aggregate_type": "rental", "aggregate_id": "R1"}
        )
        wizard.event_type_id = self.env["snapshot.handler.event.type"].search(
            [("model_name", "=", "rental"), ("event_type", "=", "DamageReported")]
        )
        self.assertTrue(wizard.event_help)
        self.assertTrue(all(field["help"] for field in wizard.payload_form))
