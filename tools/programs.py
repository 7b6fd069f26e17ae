"""Running other programs: their output goes to a log, what went wrong into one sentence."""

import os
import shutil
import subprocess

from .say import Progress, Stop

NO_NETWORK = (
    "Temporary failure in name resolution",
    "Temporary failure resolving",
    "Name or service not known",
    "Failed to establish a new connection",
    "NewConnectionError",
    "Could not resolve",
    "Could not connect",
    "Unable to connect",
    "Connection refused",
    "Connection timed out",
    "Network is unreachable",
    "Read timed out",
    "ConnectTimeoutError",
    "Connection failed",
)
WIDTH = 200  # of a line that is quoted
DISK_FULL = ("No space left on device", "Disk quota exceeded", "You don't have enough free space")


def end_of(process):
    """Wait for a process.

    :return: its exit code, negative for a signal; seconds that processors worked for it, and for
        what it started and has waited for
    """
    try:
        _pid, status, usage = os.wait4(process.pid, 0)
    except ChildProcessError:  # whoever ends a run has asked for it meanwhile
        return process.wait(), 0
    process.returncode = os.waitstatus_to_exitcode(status)
    return process.returncode, usage.ru_utime + usage.ru_stime


def run_logged(command, log, what, where=None, **options):
    """Run a program to its end; its output goes to a log.

    :param list command: program and arguments
    :param pathlib.Path log: appended to
    :param str what: what failed, as the beginning of a sentence
    :param where: takes a piece of the output and returns how far the program is, or None
    :raise Stop: when it fails, saying why
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output, log.open("rb") as written:
        start = written.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            **options,
        )
        try:
            code = _watch(process, written, where)
        except BaseException:
            process.terminate()
            process.wait()
            raise
        finally:
            Progress.end()
        if code:
            written.seek(start)
            raise Stop(explain(what, written.read().decode(errors="replace"), log))


def _watch(process, written, where):
    while True:
        try:
            return process.wait(timeout=0.5)
        except subprocess.TimeoutExpired:
            text = where(written.read().decode(errors="replace")) if where else None
            if text:
                Progress.show(text)


def succeeds(command, **options):
    """Whether a program ends well; its output is thrown away."""
    command = [str(part) for part in command]
    try:
        return not subprocess.run(command, capture_output=True, check=False, **options).returncode
    except OSError:
        return False


def answer(command, **options):
    """Return what a program prints, stripped; "" where it fails."""
    command = [str(part) for part in command]
    result = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    return result.stdout.strip() if not result.returncode else ""


def explain(what, text, log):
    """Return one sentence for a failed program, from what it printed."""
    if any(sign in text for sign in DISK_FULL) or not shutil.disk_usage(log.parent).free >> 20:
        return f"{what}: the disk is full. Free some space and run the command again."
    if any(sign in text for sign in NO_NETWORK):
        return f"{what}: the network cannot be reached. Run the command again when it is back."
    tail = "\n    ".join(line[:WIDTH] for line in text.splitlines()[-12:])
    return f"{what}. The last lines of {log}:\n    {tail}"
