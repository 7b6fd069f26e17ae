"""Starting Odoo: a launcher file, and the options that every start shares."""

import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path

from .layout import RUN
from .say import Stop


def launcher(series, source):
    """Write the program that starts Odoo from its source tree, and return its path.

    With workers, Odoo starts itself again by the name of its program: it must be a file.
    """
    path = RUN / f"odoo-{series}"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        "import os\n"
        "import sys\n\n"
        'os.environ["TZ"] = "UTC"\n'
        f"sys.path.insert(0, {str(source.path)!r})\n"
        "import odoo.cli\n\n"
        'if __name__ == "__main__":\n'
        "    odoo.cli.main()\n"
    )
    return path


def options(source, addons, database):
    """Return the options that every start shares.

    :param list addons: our own folders
    """
    path = ",".join(str(folder) for folder in [*source.addons_path, *addons])
    return [
        f"--addons-path={path}",
        f"--database={database}",
        f"--data-dir={RUN / f'data-{source.series}'}",
        "--no-database-list",
        f"--db-filter=^{database}$",
    ]


def wait_until_ready(process, url, log, seconds=120):
    """Return when Odoo answers at ``url``.

    :raise Stop: when it ends, or does not answer in time
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            lines = "\n    ".join(log.read_text(errors="replace").splitlines()[-12:])
            raise Stop(f"Odoo ended by itself. The last lines of {log}:\n    {lines}")
        try:
            with urllib.request.urlopen(f"{url}/web/login", timeout=10):
                return
        except urllib.error.HTTPError:
            return
        except (OSError, urllib.error.URLError):
            time.sleep(0.3)
    raise Stop(f"Odoo did not answer within {seconds} s; its log is {log}.")


def taken(port, interface="127.0.0.1"):
    """Whether something listens on a port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((interface, port)) == 0


def remember(process):
    """Note the process, so that a later start can end it if this one is killed."""
    (RUN / "odoo.pid").write_text(str(process.pid))


def end_left_over():
    """End an Odoo of this checkout that a killed ``make run`` left behind."""
    note = RUN / "odoo.pid"
    if not note.exists():
        return
    pid = note.read_text().strip()
    try:
        command = Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:
        command = ""
    if f"{RUN}{os.sep}odoo-" in command:
        os.killpg(int(pid), signal.SIGKILL)
        time.sleep(0.5)
    note.unlink()


def stop(process, seconds=20):
    """End Odoo and its workers, kindly first."""
    if process.poll() is not None:
        return
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()
