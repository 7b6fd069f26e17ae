"""What a payload says breaks no XML-RPC answer, whichever model shows it."""

from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import BEYOND_XML
from odoo.addons.test_event_sourcing.common import JobCase

BAD = "bad\uffff\ufffe\x0b"
OURS = ("event.", "snapshot.", "rental.", "counter.")


class TestXmlCharacters(JobCase):
    def found(self):
        """Return (model, field) of stored and computed texts that XML cannot carry."""
        self.env.flush_all()
        self.env.invalidate_all()
        wrong = set()
        for name, records in self.env.registry.items():
            if not name.startswith(OURS) or records._abstract:
                continue
            texts = [
                field.name
                for field in records._fields.values()
                if field.type in ("char", "text", "html") and (field.store or field.compute)
            ]
            for values in self.env[name].sudo().search([], limit=500, order="id desc").read(texts):
                for field, value in values.items():
                    if isinstance(value, str) and BEYOND_XML.search(value):
                        wrong.add((name, field))
        return wrong

    def test_every_text_of_every_model(self):
        for call in (
            ("Added", {"amount": 1, "note": BAD, BAD: BAD}),
            ("Added", {"amount": BAD}),
            ("Added", {"amount": 1, "day": BAD}),
        ):
            self.store.append("counter", "X1", *call)
        with self.assertLogs("odoo.addons.event_sourcing", "WARNING"):
            self.store.append("counter", "X1", "Broken", {"key": BAD})
        # Beside those that a handler folds: a generic snapshot, and differences of two kinds.
        self.tamper(
            'UPDATE counter_snapshot SET state = state || \'{"extra": "\uffff"}\''
            " WHERE aggregate_id = 'X1'"
        )
        job = self.run_job("check", aggregate_ids=["X1"])
        self.assertTrue(self.drifts(job))
        jobs = self.env["event.job"]
        jobs._ask("compare", "counter", "2099-01-01 00:00:00", "1999-01-01 00:00:00")
        partner = self.env["res.partner"].create({"name": "X"})
        product = self.env["product.product"].create({"name": "Lift"})
        plan = {"partner_id": partner.id, "product_id": product.id, "quantity": 1}
        for event_type, payload in (
            ("RentalPlanned", plan),
            ("RentalConfirmed", {}),
            ("EquipmentDelivered", {}),
            ("DamageReported", {"description": BAD}),
            ("DemoExtended", {"demo_end": BAD}),
        ):
            self.store.append("rental", "X2", event_type, payload)
        self.assertFalse(self.found())
        for method, args in (
            ("read_stream", ("counter", "X1")),
            ("state_at", ("counter", "X1")),
            ("states_at", ("counter",)),
        ):
            self.assertFalse(self.beyond(getattr(self.store, method)(*args), method))
        documents = self.env["event.document"]
        snapshot = self.env["counter.snapshot"].search([("aggregate_id", "=", "X1")])
        for answer in (
            documents.compare("counter", "X1", version=1),
            documents.compare("rental", "X2", version=1),
            self.env["event.timeline"].page("counter.snapshot", snapshot.id),
        ):
            self.assertFalse(self.beyond(answer))

    def test_refusals_of_input(self):
        for payload in ({BAD: float("nan")}, {BAD: {5: 1}}, {BAD: object()}, {BAD: "\x00"}):
            with self.assertRaises(UserError) as caught:
                self.store.append("counter", "X3", "Added", payload)
            self.assertFalse(self.beyond(str(caught.exception)))

    def beyond(self, value, path=""):
        """Return the paths to texts that XML cannot carry; structured states travel as text."""
        if isinstance(value, str):
            return [path] if BEYOND_XML.search(value) else []
        if isinstance(value, dict):
            found = [key for key in value if BEYOND_XML.search(str(key))]
            for key, item in value.items():
                if key != "state":
                    found += self.beyond(item, f"{path}.{key}")
            return found
        if isinstance(value, list | tuple):
            return [p for n, item in enumerate(value) for p in self.beyond(item, f"{path}.{n}")]
        return []
