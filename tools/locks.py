"""Turns: what two commands must not do at the same time."""

import fcntl
from contextlib import contextmanager

from .say import say


def hold(path):
    """Take a lock, which the kernel takes back when this process ends, however it ends.

    :param pathlib.Path path: the file that stands for what is locked
    :return: the open file, to be closed when done; None where another process has the lock
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("a")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@contextmanager
def turn(path, what):
    """Wait until no other process does the same.

    :param pathlib.Path path: the file that stands for it
    :param str what: what another process is doing, as the end of a sentence
    """
    file = hold(path)
    if file is None:
        say(f"Waiting for another command that is {what} …")
        file = path.open("a")
        fcntl.flock(file, fcntl.LOCK_EX)
    with file:
        yield
