import re
from pathlib import Path

from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged

from odoo.addons.event_sourcing import exceptions

FILE = Path(exceptions.__file__).parent / "static" / "src" / "refusals" / "refusals.js"


@tagged("post_install", "-at_install")
class TestRefusalsOnScreens(TransactionCase):
    def test_every_kind_of_refusal_is_shown_as_a_sentence(self):
        """The web client shows an exception that it does not know by name as a crash."""
        kinds = {
            kind.__name__
            for kind in vars(exceptions).values()
            if isinstance(kind, type) and issubclass(kind, UserError) and kind is not UserError
        }
        (names,) = re.findall(r"of \[(.*?)\]", FILE.read_text(), re.DOTALL)
        self.assertEqual(set(re.findall(r'"(\w+)"', names)), kinds)
