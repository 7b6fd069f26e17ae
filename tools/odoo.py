"""Starting Odoo: a launcher file, and the options that every start shares."""

import errno
import os
import socket
import threading
import time
import urllib.error
import urllib.request

from .layout import RUN
from .say import Stop


def launcher(source, purpose):
    """Write the program that starts Odoo from its source tree, and return its path.

    With workers, Odoo starts itself again by the name of its program: it must be a file.
    """
    path = RUN / f"odoo-{source.series}-{purpose}"
    text = (
        "import os\n"
        "import sys\n\n"
        'os.environ["TZ"] = "UTC"\n'
        f"sys.path.insert(0, {str(source.path)!r})\n"
        "import odoo.cli\n\n"
        'if __name__ == "__main__":\n'
        "    odoo.cli.main()\n"
    )
    if not path.exists() or path.read_text() != text:
        # Another thread may start it at this moment: an empty program would end well.
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        whole.write_text(text)
        whole.replace(path)
    return path


def data(source):
    """Return the folder of Odoo's own files: attachments and sessions."""
    return RUN / f"data-{source.series}"


def options(source, addons, database):
    """Return the options that every start shares.

    :param list addons: our own folders
    """
    path = ",".join(str(folder) for folder in [*source.addons_path, *addons])
    return [
        f"--addons-path={path}",
        f"--database={database}",
        f"--data-dir={data(source)}",
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
            raise ended(log)
        try:
            with urllib.request.urlopen(f"{url}/web/login", timeout=10):
                return
        except urllib.error.HTTPError as error:
            raise Stop(f"Odoo answers with error {error.code}; its log is {log}.") from error
        except OSError:
            time.sleep(0.3)
    raise Stop(f"Odoo did not answer within {seconds} s; its log is {log}.")


def ended(log):
    """Return what to say when Odoo ended by itself."""
    lines = "\n    ".join(log.read_text(errors="replace").splitlines()[-12:])
    return Stop(f"Odoo ended by itself. The last lines of {log}:\n    {lines}")


def check_port(port, interface):
    """Check that Odoo can listen there.

    :raise Stop: when it cannot, saying why and what to set
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((interface, port))
        except PermissionError:
            raise Stop(f"Only root may use port {port}: choose one from 1024, PORT=8069.") from None
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise Stop(
                    f"HTTP_INTERFACE is {interface}, which is no address of this machine; leave it"
                    " out for 127.0.0.1."
                ) from error
            raise Stop(
                f"Port {port} is taken by another program: stop that, or choose another port with"
                f" 'make run PORT={port + 1 if port < 65535 else 8069}'."
            ) from None
