"""Times of appends over several processes: prometheus-client adds them up where it is told to."""

import os
import subprocess
import sys
import tempfile

from odoo.tests import BaseCase

from odoo.addons.event_sourcing_feed import append_time as timing

CODE = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("timing", sys.argv[1])
timing = importlib.util.module_from_spec(spec)
spec.loader.exec_module(timing)
for database in sys.argv[3:]:
    timing.append_time.note(database, 0.5)
if sys.argv[2] == "tell":
    print(sorted((name, labels, value) for name, labels, value in timing.append_time.samples("one")
                 if name.endswith(("_count", "_sum"))))
"""


class TestAppendTimeOfProcesses(BaseCase):
    def run_process(self, what, *databases, **environment):
        return subprocess.run(
            [sys.executable, "-c", CODE, timing.__file__, what, *databases],
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            check=True,
        )

    def test_they_are_added_up_by_database(self):
        if timing.prometheus_client is None:
            self.skipTest("no prometheus-client")
        with tempfile.TemporaryDirectory() as folder:
            shared = {"PROMETHEUS_MULTIPROC_DIR": folder}
            self.run_process("note", "one", "two", **shared)
            told = self.run_process("tell", "one", "one", **shared).stdout
        name = "event_sourcing_append_seconds"
        self.assertEqual(told.strip(), f"[('{name}_count', {{}}, 3.0), ('{name}_sum', {{}}, 1.5)]")

    def test_a_folder_that_is_not_there_stops_nobody(self):
        if timing.prometheus_client is None:
            self.skipTest("no prometheus-client")
        answer = self.run_process("tell", "one", PROMETHEUS_MULTIPROC_DIR="/nowhere/at/all")
        self.assertEqual(answer.stdout.strip(), "[]")
        self.assertIn("not counted any more", answer.stderr)
