"""Every field of a model has a label of its own, in each language."""

from odoo.addons.test_event_sourcing.common import EventCase

from tools.layout import ADDONS

OURS = {*ADDONS, "test_event_sourcing"}


class TestLabels(EventCase):
    """Odoo warns of two fields of a model with one label, because a filter names neither."""

    def ours(self):
        """Yield every model of this repository, and a field of ours in a model of others."""
        for name, model in sorted(self.env.registry.items()):
            for field in model._fields.values():
                own = model._original_module in OURS or OURS.intersection(field._modules)
                if own and field.name not in ("id", "display_name"):
                    yield name, model, field

    def test_no_two_fields_of_a_model_share_a_label(self):
        double = []
        for name, model, field in self.ours():
            others = [
                other.name
                for other in model._fields.values()
                if other.string == field.string and other.name != field.name
            ]
            if others:
                double.append(f"{name}.{field.name}: {field.string}, as {others}")
        self.assertEqual(double, [])

    def test_nor_in_japanese(self):
        self.env["res.lang"]._activate_lang("ja_JP")
        spoken = self.env(context={"lang": "ja_JP"})
        double = set()
        for name, model, field in self.ours():
            label = field._description_string(spoken)
            for other in model._fields.values():
                same = other.name != field.name and other._description_string(spoken) == label
                # What is one label in English was found by the other test.
                if same and other.string != field.string:
                    pair = " and ".join(sorted((field.name, other.name)))
                    double.add(f"{name}: {pair} are both {label}")
        self.assertEqual(sorted(double), [])
