"""The server of NATS for the tests: the system's, or Debian's package unpacked, never installed."""

import os
import shutil

from .apt import Area
from .layout import RUN
from .say import Stop, step

PACKAGE = "nats-server"
# Not every user has it in the path.
SYSTEM = "/usr/sbin"


def find():
    """Return the path of ``nats-server``, fetching it where it is missing; nobody has to be root.

    :raise Stop: where it cannot be had
    """
    path = os.pathsep.join((os.environ.get("PATH", ""), SYSTEM))
    return shutil.which(PACKAGE, path=path) or str(_unpacked() or _fetched())


def _unpacked():
    """Return the program that was unpacked before, or None."""
    return next((RUN / "nats").glob(f"usr/*bin/{PACKAGE}"), None)


def _fetched():
    """Download and unpack the package, and return the program."""
    try:
        area = Area(RUN / "nats.apt")
        with step("Fetching the server of NATS from Debian (a download of some 4 MB)"):
            area.update()
            area.download(PACKAGE)
        fresh = RUN / f"nats.fetching-{os.getpid()}"
        fresh.mkdir(parents=True, exist_ok=True)
        try:
            area.unpack(PACKAGE, fresh)
            shutil.rmtree(RUN / "nats", ignore_errors=True)
            fresh.rename(RUN / "nats")
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except Stop as stop:
        raise Stop(
            f"The tests of NATS need its server. {stop} Run 'apt install {PACKAGE}' as root."
        ) from stop
    return _unpacked()
