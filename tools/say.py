"""How the tooling speaks: steps as they go on, one sentence when it stops."""

import errno
import subprocess
import sys
import time
from contextlib import contextmanager


class Stop(Exception):
    """Ends the command with one sentence: what is wrong, and what to do."""


def say(text):
    """Print one line at once."""
    print(text, flush=True)


@contextmanager
def step(text):
    """Announce a long step, and say how long it took."""
    print(f"{text} …", flush=True)
    started = time.monotonic()
    yield
    print(f"{text}: done in {time.monotonic() - started:.0f} s", flush=True)


def run_logged(command, log, what, **options):
    """Run ``command``; its output goes to ``log``, dots to the screen.

    :param list command: program and arguments
    :param pathlib.Path log: appended to
    :param str what: what failed, as the beginning of a sentence
    :raise Stop: when it fails, with its last lines
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        start = output.tell()
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            **options,
        )
        try:
            while True:
                try:
                    code = process.wait(timeout=5)
                    break
                except subprocess.TimeoutExpired:
                    print(".", end="", file=sys.stderr, flush=True)
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if code:
        with log.open("rb") as output:
            output.seek(start)
            lines = output.read().decode(errors="replace").splitlines()
        raise Stop(explain(what, lines, log))


def explain(what, lines, log):
    """Return one sentence for a failed program, from what it printed."""
    text = "\n".join(lines)
    if "No space left on device" in text:
        return f"{what}: the disk is full. Free some space and run the command again."
    for sign in (
        "Temporary failure in name resolution",
        "NewConnectionError",
        "Could not resolve",
        "Connection refused",
        "Network is unreachable",
        "Read timed out",
        "ConnectTimeoutError",
    ):
        if sign in text:
            return f"{what}: the network cannot be reached. Run the command again when it is back."
    tail = "\n    ".join(lines[-12:])
    return f"{what}. The last lines of {log}:\n    {tail}"


@contextmanager
def plainly():
    """Turn what can be expected to go wrong into one sentence and exit code 1."""
    try:
        yield
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr, flush=True)
        sys.exit(1)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr, flush=True)
        sys.exit(130)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        print(
            "\nThe disk is full. Free some space and run the command again.",
            file=sys.stderr,
            flush=True,
        )
        sys.exit(1)
