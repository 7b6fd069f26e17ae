"""How the tooling speaks: long steps as they go on, one sentence when it stops."""

import errno
import os
import sys
import time
from contextlib import contextmanager
from pathlib import Path


class Stop(Exception):
    """Ends the command with one sentence: what is wrong, and what to do."""


def say(text):
    """Print one line at once."""
    print(text, flush=True)


@contextmanager
def step(text):
    """Announce a long step, and say how long it took."""
    say(f"{text} …")
    started = time.monotonic()
    try:
        yield
    finally:
        Progress.end()
    say(f"{text}: done in {time.monotonic() - started:.0f} s")


class Progress:
    """Where a long step is: one changing line on a terminal, a line now and then elsewhere."""

    PAUSE = 10  # seconds between two lines where there is no terminal
    _shown = None
    _last = 0.0

    @classmethod
    def show(cls, text):
        """Show how far it is."""
        now = time.monotonic()
        if text == cls._shown:
            return
        if sys.stdout.isatty():
            sys.stdout.write(f"\r\033[K  {text[:76]}")
            sys.stdout.flush()
        elif now - cls._last > cls.PAUSE:
            say(f"  {text}")
        else:
            return
        cls._shown, cls._last = text, now

    @classmethod
    def end(cls):
        """Leave the line as if nothing had been there."""
        if cls._shown and sys.stdout.isatty():
            sys.stdout.write("\r\033[K")
            sys.stdout.flush()
        cls._shown = None


@contextmanager
def plainly():
    """Turn what can be expected to go wrong into one sentence and exit code 1."""
    try:
        yield
    except Stop as stop:
        _leave(str(stop), 1)
    except KeyboardInterrupt:
        _leave("Stopped.", 130)
    except PermissionError as error:
        _leave(_not_ours(error), 1)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _leave("The disk is full: free some space and run the command again.", 1)


def _leave(text, code):
    Progress.end()
    sys.stdout.flush()
    print(f"\n{text}", file=sys.stderr, flush=True)
    sys.exit(code)


def _not_ours(error):
    """Return a sentence for a file that belongs to somebody else."""
    path = error.filename or "A file"
    sentence = f"{path} may not be written or read by this user ({error.strerror})"
    owner = _owner(Path(os.fsdecode(path)))
    if owner is not None and owner != os.geteuid():
        return (
            f"{sentence}: it belongs to user {owner}, who ran a command here before. Run it as"
            " that user, or use a checkout of your own."
        )
    return f"{sentence}: run the command as the user to whom this checkout belongs."


def _owner(path):
    for place in (path, *path.parents):
        try:
            return place.stat().st_uid
        except OSError:
            continue
    return None
