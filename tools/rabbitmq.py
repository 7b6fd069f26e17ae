"""RabbitMQ for the tests: the system's, or Debian's packages unpacked, never installed."""

import os
import shutil
from pathlib import Path
from typing import NamedTuple

from .apt import Area
from .layout import RUN
from .say import Stop, step

PACKAGE = "rabbitmq-server"
ERLANG = tuple(
    f"erlang-{name}"
    for name in (
        *("asn1", "base", "crypto", "eldap", "inets", "mnesia", "os-mon", "parsetools"),
        *("public-key", "runtime-tools", "ssl", "syntax-tools", "tools", "xmerl"),
    )
)
# The package's own script knows only where it would be installed.
ERL = """\
#!/bin/sh
ROOTDIR=$(cd "$(dirname "$0")/.." && pwd)
BINDIR=$(echo "$ROOTDIR"/erts-*/bin)
EMU=beam
PROGNAME=erl
export ROOTDIR BINDIR EMU PROGNAME
exec "$BINDIR/erlexec" "$@"
"""


class Programs(NamedTuple):
    """Where the programs are.

    :ivar pathlib.Path scripts: folder with ``rabbitmq-server`` and ``rabbitmqctl``, which do not
        ask who runs them
    :ivar pathlib.Path erlang: folder with ``erl`` and ``epmd``
    """

    scripts: Path
    erlang: Path


def find():
    """Return the ``Programs``, fetching them where they are missing; nobody has to be root.

    :raise Stop: where they cannot be had
    """
    return _below(Path("/")) or _below(RUN / "rabbitmq") or _fetched()


def _below(root):
    """Return the programs below a folder, or None."""
    found = Programs(root / "usr/lib/rabbitmq/bin", root / "usr/lib/erlang/bin")
    return found if all(folder.is_dir() for folder in found) else None


def _fetched():
    """Download and unpack the packages, and return the programs."""
    try:
        area = Area(RUN / "rabbitmq.apt")
        with step("Fetching RabbitMQ and Erlang from Debian (a download of some 33 MB)"):
            area.update()
            area.download(PACKAGE, *ERLANG)
        fresh = RUN / f"rabbitmq.fetching-{os.getpid()}"
        fresh.mkdir(parents=True, exist_ok=True)
        try:
            for package in (PACKAGE, *ERLANG):
                area.unpack(package, fresh)
            (fresh / "usr/lib/erlang/bin/erl").write_text(ERL)
            shutil.rmtree(RUN / "rabbitmq", ignore_errors=True)
            fresh.rename(RUN / "rabbitmq")
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
    except Stop as stop:
        raise Stop(
            f"The tests of RabbitMQ need its server. {stop} Run 'apt install {PACKAGE}' as root."
        ) from stop
    return _below(RUN / "rabbitmq")
