"""``make import`` and ``make export``: files of events, in and out of the demo database."""

import os
import shlex
import subprocess
from pathlib import Path

from . import odoo
from .say import Stop
from .shell import demo_database


def run(command):
    """Run one of the addon's commands on the file that FILE names; return its exit code.

    :param str command: ``event_import`` or ``event_export``
    :raise Stop: where no file is named, or there is none to import
    """
    file = Path(os.environ.get("FILE") or "")
    target = command.removeprefix("event_")
    if not file.name:
        raise Stop(f"Name the file: make {target} FILE=events.jsonl.gz")
    file = file.absolute()
    if command == "event_import" and not file.is_file():
        raise Stop(f"There is no file {file}.")
    with demo_database() as (database, postgres):
        options = odoo.options(database.source, database.addons, database.name)
        arguments = [
            *(database.python, database.launcher, options[0], command, file),
            *shlex.split(os.environ.get("ARGS") or ""),
            *options,
        ]
        return subprocess.run(
            [str(part) for part in arguments], env=postgres.environment, check=False
        ).returncode
