import sys
from pathlib import Path
from unittest.mock import patch

from odoo.addons.event_sourcing.models import event_store
from odoo.addons.event_sourcing_base import arguments
from odoo.addons.event_sourcing_boundary.models import event_boundary
from odoo.addons.test_event_sourcing.common import EventCase, make_user

ENGINE = Path(event_store.__file__).parents[1]
# Whoever reads an append of the engine reads what runs of these, too.
WITH_IT = Path(arguments.__file__).parent, Path(event_boundary.__file__).parents[1]
APPLIED, REJECTED = 12, 15
# Of the addons beside it: operations, inline projections and seconds per append, of the feed.
BESIDE = 5


class TestAppendPath(EventCase):
    """Through how many files of the engine an append goes: a person has to read them all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        user = make_user(cls.env, "pathfinder", "integration")
        cls.store = cls.store.with_user(user).with_context(lang="en_US")
        # A field of another addon costs the question for its default.
        cls.startClassPatcher(patch.object(type(cls.store), "_other_columns", lambda store: []))

    def assertPath(self, outcome, limit, event_type, payload=None):
        """Assert what becomes of an event, and in how many files of the engine code runs."""
        self.add("PATH")
        for _warm_up in range(2):  # what is kept is there then
            self.store.append("counter", "PATH", event_type, payload)
        self.env.flush_all()
        self.env.invalidate_all()
        found = set()

        def note(frame, kind, _arg):
            if kind == "call":
                found.add((Path(frame.f_code.co_filename), frame.f_code.co_name))

        before = sys.getprofile()
        sys.setprofile(note)
        try:
            answer = self.store.append("counter", "PATH", event_type, payload)
        finally:
            sys.setprofile(before)
        self.assertEqual(answer["outcome"], outcome)
        core, beside = {}, {}
        for path, function in sorted(found):
            for files, is_one in (
                (core, self.is_core(path)),
                (beside, self.is_ours(path) and not self.is_core(path)),
            ):
                if is_one:
                    files.setdefault(str(path), []).append(function)
        for files, most in ((core, limit), (beside, BESIDE)):
            lines = [f"{name}: {', '.join(functions)}" for name, functions in files.items()]
            self.assertLessEqual(len(files), most, "\n".join([f"{len(files)} files", *lines]))

    @staticmethod
    def is_core(path):
        return any(map(path.is_relative_to, (ENGINE, *WITH_IT)))

    @staticmethod
    def is_ours(path):
        names = [parent.name for parent in path.parents if parent.parent == ENGINE.parent]
        return any(name.startswith("event_sourcing_") for name in names)

    def test_an_applied_event(self):
        self.assertPath("applied", APPLIED, "Added", {"amount": 1})

    def test_one_rejected_by_the_handler(self):
        self.assertPath("rejected", REJECTED, "Added", {"amount": -1000})

    def test_one_rejected_by_the_table(self):
        self.assertPath("rejected", REJECTED, "Reopened")

    def test_one_that_fails(self):
        with patch("odoo.addons.event_sourcing.models.event_store_failure._logger"):
            self.assertPath("failed", REJECTED, "Broken")
