import sys
from collections import Counter
from pathlib import Path
from unittest.mock import patch

from odoo.addons.event_sourcing.models import event_store
from odoo.addons.test_event_sourcing.common import EventCase, make_user

ENGINE = Path(event_store.__file__).parents[1]
APPLIED, REJECTED = 12, 15


class TestAppendPath(EventCase):
    """Through how many files of the engine an append goes: a person has to read them all."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        user = make_user(cls.env, "pathfinder", "integration")
        cls.store = cls.store.with_user(user).with_context(lang="en_US")
        # A field of another addon costs the question for its default.
        cls.startClassPatcher(patch.object(type(cls.store), "_other_columns", lambda store: []))

    def calls(self, amount):
        """Return how often each function of the engine runs in one append, by file."""
        for warm_up in (1, amount, amount):  # what is kept is there then
            self.add("PATH", warm_up)
        self.env.flush_all()
        self.env.invalidate_all()
        found = Counter()

        def note(frame, kind, _arg):
            if kind == "call":
                found[frame.f_code.co_filename, frame.f_code.co_name] += 1

        before = sys.getprofile()
        with patch("odoo.addons.event_sourcing.models.event_store_failure._logger"):
            sys.setprofile(note)
            try:
                answer = self.add("PATH", amount)
            finally:
                sys.setprofile(before)
        files = {}
        for (name, function), count in found.items():
            path = Path(name)
            if path.is_relative_to(ENGINE):
                files.setdefault(str(path.relative_to(ENGINE)), {})[function] = count
        return answer, files

    def assertPath(self, files, limit):
        lines = [
            f"{name}: {', '.join(sorted(functions))}" for name, functions in sorted(files.items())
        ]
        self.assertLessEqual(len(files), limit, "\n".join([f"{len(files)} files", *lines]))

    def test_an_applied_event(self):
        answer, files = self.calls(1)
        self.assertEqual(answer["outcome"], "applied")
        self.assertPath(files, APPLIED)

    def test_a_rejected_event(self):
        answer, files = self.calls(-1000)
        self.assertEqual(answer["outcome"], "rejected")
        self.assertPath(files, REJECTED)
