"""The asking side: contestants as processes that do one thing at a time."""

import json
import subprocess

from tools.ending import with_parent
from tools.layout import ROOT


class NotMeasured(Exception):
    """A contestant could not do what it was asked: one sentence."""


class Contestant:
    """A process that answers, see :mod:`benchmarks.answering`.

    :param pathlib.Path python: of the venv it needs
    :param str module: below ``benchmarks.contestants``
    :param list arguments: of the program
    :param dict environment: its variables, those of PostgreSQL among them
    :param pathlib.Path log: where what it prints goes
    """

    def __init__(self, python, module, arguments, environment, log):
        self.name = module
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [python, "-m", f"benchmarks.contestants.{module}", *arguments]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=output,
                text=True,
                preexec_fn=with_parent,
            )
        self.receive()

    def ask(self, do, **values):
        """Let it do something, and return its answer.

        :raise NotMeasured: when it cannot
        """
        self.send(do, **values)
        return self.receive()

    def send(self, do, **values):
        """Let it begin; :meth:`receive` waits until it is done."""
        try:
            self.process.stdin.write(json.dumps({"do": do, **values}) + "\n")
            self.process.stdin.flush()
        except OSError:
            raise self._ended() from None

    def receive(self):
        """Return the answer to what was sent last."""
        line = self.process.stdout.readline()
        if not line:
            raise self._ended()
        result = json.loads(line)
        if "error" in result:
            raise NotMeasured(f"{self.name}: {result['error']} (its log is {self.log})")
        return result

    def close(self):
        """End the process, and wait for it."""
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def _ended(self):
        return NotMeasured(f"{self.name} ended by itself: see {self.log}")
