"""Processes that are forked off the tests: real ones to kill, without waiting for Odoo."""

import os
import signal
import sys
import time
import traceback

from odoo import sql_db
from odoo.modules.registry import Registry


class Forked:
    """A process that runs one function, with connections of its own.

    :param function: what it does; its process ends with it
    :param values: for the function
    """

    def __init__(self, function, *values):
        sys.stdout.flush()
        sys.stderr.flush()
        self.code = None
        self.pid = os.fork()
        if self.pid:
            return
        code = 1
        try:
            # Those of the tests are left alone: to close them here would close them there.
            for pool in ("_Pool", "_Pool_readonly"):
                if hasattr(sql_db, pool):
                    setattr(sql_db, pool, None)
            known = Registry.registries  # 17.0 and 19.0 keep them under other names
            kept = known.d if hasattr(known, "d") else known._values
            for registry in list(kept.values()):
                registry._db = sql_db.db_connect(registry.db_name)
                if getattr(registry, "_db_readonly", None) is not None:
                    registry._db_readonly = registry._db
            function(*values)
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)

    def send(self, number):
        """Send a signal."""
        os.kill(self.pid, number)

    def kill(self):
        """``kill -9``, where it is still there."""
        if self.code is None:
            self.send(signal.SIGKILL)
            self.wait()

    def wait(self, seconds=30):
        """Return its exit code, negative for a signal.

        :raise AssertionError: where it does not end
        """
        deadline = time.monotonic() + seconds
        while self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
                break
            assert time.monotonic() < deadline, "the process does not end"
            time.sleep(0.01)
        return self.code


def until(condition, seconds=60, what="it did not happen"):
    """Return what a condition answers once that is true.

    :raise AssertionError: after so many seconds
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = condition()
        if answer:
            return answer
        assert time.monotonic() < deadline, what
        time.sleep(0.02)
