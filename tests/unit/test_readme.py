"""What the README shows is what runs."""

import re
from pathlib import Path

from odoo.addons.event_sourcing.testing import lint_handler, rejected, scenario
from odoo.addons.test_event_sourcing.common import EventCase

ROOT = Path(__file__).resolve().parents[2]
HANDLER = ROOT / "tests/addons/readme_example/models/library_handler.py"


def blocks(name, language="python"):
    """Return the fenced code blocks of a page."""
    return re.findall(rf"```{language}\n(.*?)```", (ROOT / name).read_text(), re.S)


class TestReadme(EventCase):
    def test_both_pages_show_the_handler_that_is_installed(self):
        for page in ("README.md", "README.ja.md"):
            self.assertIn(HANDLER.read_text(), blocks(page), page)

    def test_the_handler_does_what_the_page_says(self):
        lent = ("BookLent", {"reader": "Sato"})
        book = scenario(self.env, "library.book")
        book.given(lent).when("BookReturned").then({"status": "on_shelf"})
        book.when("BookReturned").then(rejected("not possible while the status is “on shelf”"))
        book.when("BookLent").then(rejected("Reader is missing"))
        long = scenario(self.env, "library.book").given(lent, "LoanExtended", "LoanExtended")
        long.when("LoanExtended").then(rejected("extended twice"))
        history = [lent, "LoanExtended", lent, "LoanExtended", "LoanExtended", "BookReturned"]
        self.assertEqual(lint_handler(self.env, "library.book", [history]), [])

    def test_the_test_of_the_page_runs(self):
        (example,) = [block for block in blocks("README.md") if "import rejected" in block]
        exec(compile(example, "README.md", "exec"), {"env": self.env})
        found = self.store.state_at("library.book", "B1")
        self.assertEqual((found["version"], found["status"]), (2, "lent"))

    def test_every_test_that_the_guarantees_name_exists(self):
        page = (ROOT / "docs/guarantees.md").read_text()
        named = re.findall(r"`(tests/[\w/]+\.py)::(?:(\w+)::)?(test_\w+)`", page)
        self.assertGreaterEqual(len(named), 8)
        for path, _class, test in named:
            self.assertIn(f"def {test}(", (ROOT / path).read_text(), path)
