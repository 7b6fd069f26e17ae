"""What ``make bench`` measures ours against: the library eventsourcing, and message-db's SQL."""

import hashlib
import shutil
import sys
import tarfile

from .layout import LOG, ROOT, RUN
from .locks import turn
from .pip import make_venv
from .programs import run_logged
from .say import Stop, step

REQUIREMENTS = ROOT / "benchmarks" / "requirements.txt"
MESSAGE_DB = "@eventide/message-db@1.3.1"


def library_python():
    """Return the Python of a venv with the library, made where it is not complete.

    :raise Stop: when it cannot be had
    """
    venv = RUN / "venv-bench"
    python = venv / "bin" / "python"
    stamp = venv / "complete"
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    with turn(RUN / "venv-bench.lock", "installing the library eventsourcing"):
        if not (stamp.exists() and stamp.read_text() == digest):
            with step("Installing the library eventsourcing"):
                make_venv(sys.executable, venv)
                command = [python, "-m", "pip", "install", "--no-input", "-r", REQUIREMENTS]
                log = LOG / "pip-bench.log"
                run_logged(command, log, "The library eventsourcing could not be installed")
                stamp.write_text(digest)
    return python


def message_db_sql():
    """Return the folder of message-db's SQL, from its npm package.

    :raise Stop: when it cannot be had
    """
    folder = RUN / "message-db"
    sql = folder / "package" / "database"
    if not (sql / "functions" / "write-message.sql").exists():
        if not shutil.which("npm"):
            raise Stop("message-db comes as an npm package, and there is no npm here")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command = ["npm", "pack", "--silent", MESSAGE_DB]
        with step("Fetching message-db"):
            run_logged(command, LOG / "npm.log", "message-db could not be fetched", cwd=folder)
        (archive,) = folder.glob("*.tgz")
        with tarfile.open(archive) as tar:
            members = [member for member in tar if member.name.startswith("package/database/")]
            tar.extractall(folder, members=members, filter="data")
    return sql


def versions():
    """Return the names and versions of both, as they are pinned."""
    library = REQUIREMENTS.read_text().split("==")[1].split()[0]
    return f"eventsourcing {library}, message-db {MESSAGE_DB.rpartition('@')[2]}"
