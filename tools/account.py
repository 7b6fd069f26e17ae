"""As root: the user that runs PostgreSQL, which refuses to run as root."""

import os
import shutil
import stat

from .layout import LOG
from .programs import run_logged, succeeds
from .say import say

NAME = "embedded_postgres"


def options():
    """Return the options that let a program run as that user; none where we are not root."""
    return {} if os.geteuid() else {"user": NAME, "group": NAME, "extra_groups": []}


def give(path):
    """Make that user the owner of a file or folder."""
    if not os.geteuid():
        shutil.chown(path, NAME, NAME)


def let_through(*paths):
    """Let the user exist, and pass to what it needs: through the folders, not into them.

    :param paths: folders; those above them are passed as well
    """
    if os.geteuid():
        return
    if not succeeds(["id", NAME]):
        command = ["useradd", "--system", "--user-group", "--no-create-home"]
        command += ["--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin", NAME]
        run_logged(command, LOG / "useradd.log", "PostgreSQL's user could not be made")
    for path in paths:
        for folder in (path, *path.parents):
            mode = folder.stat().st_mode
            if not mode & stat.S_IXOTH:
                say(f"PostgreSQL must not run as root: letting its user pass through {folder}.")
                folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
