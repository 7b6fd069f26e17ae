"""What the README shows is what runs."""

import ast
import re
from pathlib import Path

from odoo.addons.event_sourcing.testing import lint_handler, rejected, scenario
from odoo.addons.library_loans.tests.test_loan import TestLoan
from odoo.addons.library_loans.tests.test_reminder import TestReminder
from odoo.addons.test_event_sourcing.common import EventCase

ROOT = Path(__file__).resolve().parents[2]
HANDLER = ROOT / "tests/addons/readme_example/models/library_handler.py"
FEED = ROOT / "tests/addons/feed_example/models"
LOANS = ROOT / "tests/addons/library_loans"
TUTORIAL = (TestLoan, TestReminder)  # run with the tests here
HEADS = ("| # | guarantee | shown by |", "|---|---|---|", "| what | shown by |", "|---|---|")


def is_there(path, *names):
    """Whether there is a file or folder, and in it what the names say, one within the other."""
    if not (ROOT / path).exists() or not names:
        return (ROOT / path).exists()
    body = ast.parse((ROOT / path).read_text()).body
    for name in names:
        found = [part for part in body if getattr(part, "name", None) == name]
        if not found:
            return False
        body = found[0].body
    return True


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

    def test_the_test_of_each_page_runs(self):
        for page in ("README.md", "README.ja.md"):
            with self.subTest(page), self.env.cr.savepoint() as savepoint:
                (example,) = [block for block in blocks(page) if "import rejected" in block]
                exec(compile(example, page, "exec"), {"env": self.env})
                found = self.store.state_at("library.book", "B1")
                self.assertEqual((found["version"], found["status"]), (2, "lent"))
                savepoint.rollback()

    def test_every_test_that_the_guarantees_name_exists(self):
        rows = [row for row in (ROOT / "docs/guarantees.md").read_text().splitlines() if "|" in row]
        paths = re.compile(r"`((?:\w*event_sourcing\w*/)?tests/[^`]+)`")
        named = [(row, paths.findall(row)) for row in rows]
        self.assertEqual([row for row, names in named if not names], [*HEADS])
        for name in (name for _row, names in named for name in names):
            self.assertTrue(is_there(*name.split("::")), name)


class TestTutorialPage(EventCase):
    """The page about a first addon shows all of its files, and they are installed."""

    page = "docs/tutorial.md"

    def test_it_shows_every_file(self):
        shown = dict(
            re.findall(r"`([\w/.]+)`\n\n```\w*\n(.*?)```", (ROOT / self.page).read_text(), re.S)
        )
        files = {str(path.relative_to(LOANS)): path for path in LOANS.rglob("*.*")}
        for name, path in files.items():
            if path.suffix in (".py", ".csv", ".xml") and path.name != "__init__.py":
                self.assertEqual(shown.pop(name, None), path.read_text(), name)
        self.assertEqual(shown, {})

    def test_its_questions_have_the_answers_that_it_says(self):
        (example,) = [block for block in blocks(self.page) if "state_at" in block]
        first, *others = example.splitlines()[:-1]
        names = {"env": self.env}
        exec(first, names)
        answers = [eval(line.partition("#")[0].strip(), names) for line in others]
        self.assertEqual((answers[0], answers[3]), ("applied", "lent"))
        self.assertIn("not possible while the status is “Lent”", answers[1])
        self.assertEqual(answers[2]["due"], "2026-01-31")

    def test_nothing_is_said_about_it_when_odoo_starts(self):
        handler = self.env["loan.snapshot.handler"]
        self.assertEqual(self.env["snapshot.handler.registry"]._lint(handler), [])


class TestBoundariesPage(EventCase):
    """What the page about boundaries shows is what runs."""

    page = "docs/boundaries.md"

    def test_it_shows_the_boundary_that_is_installed(self):
        code = (HANDLER.parent / "library_boundary.py").read_text()
        self.assertIn(code, blocks(self.page))

    def test_its_test_runs(self):
        (example,) = [block for block in blocks(self.page) if "import lint_" in block]
        exec(compile(example, self.page, "exec"), {"env": self.env})

    def test_its_questions_have_answers(self):
        lent = self.store.append("library.book", "B1", "BookLent", {"reader": "Sato"})
        self.assertEqual(lent["outcome"], "applied")
        (example,) = [block for block in blocks(self.page) if "state_at" in block]
        for line in example.splitlines():
            self.assertIn("state", eval(line.partition("#")[0].strip(), {"env": self.env}))


class TestFeedPage(EventCase):
    """What the page about the feed shows is what runs."""

    page = "docs/feed.md"

    def test_it_shows_consumers_that_are_installed(self):
        for name, most in (("library_reader", 20), ("library_shelving", 10)):
            code = (FEED / f"{name}.py").read_text()
            self.assertIn(code, blocks(self.page), name)
            self.assertLessEqual(len([line for line in code.splitlines() if line]), most, name)

    def test_its_tests_run(self):
        examples = [block for block in blocks(self.page) if "import lint_" in block]
        self.assertEqual(len(examples), 2)
        for example in examples:
            with self.subTest(example):
                exec(compile(example, self.page, "exec"), {"env": self.env})
