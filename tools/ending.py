"""How a command ends: every process that it started ends with it."""

import ctypes
import os
import signal
import subprocess
from contextlib import contextmanager, suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1


def end_like_ctrl_c():
    """Let a closed terminal and a plain ``kill`` stop things as Ctrl-C does."""

    def interrupt(_signal, _frame):
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    signal.signal(signal.SIGHUP, interrupt)


@contextmanager
def unhurried():
    """Finish what ends the processes, even if Ctrl-C is pressed again and again."""
    names = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = [signal.signal(name, signal.SIG_IGN) for name in names]
    try:
        yield
    finally:
        for name, handler in zip(names, before, strict=True):
            signal.signal(name, handler)


def with_parent():
    """In a new child: be told to end when the parent is gone, ``kill -9`` included."""
    with suppress(OSError, AttributeError):  # no Linux
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def stop(process, seconds=20):
    """End a process that leads a session of its own, and all that it started; kindly first."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def kill_all(marker):
    """Kill every process of this user whose command line holds a word, such as a launcher's path.

    :param str marker: one whole argument of the command line
    :return: the ids of the processes
    """
    killed = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if os.fsencode(str(marker)) in words and int(folder.name) != os.getpid():
            try:
                os.kill(int(folder.name), signal.SIGKILL)
                killed.append(int(folder.name))
            except OSError:
                continue
    return killed
