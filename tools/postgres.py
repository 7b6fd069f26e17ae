"""PostgreSQL: the user's own where PG* says so, else an embedded one below ``.run``."""

import os

from .cluster import Cluster
from .say import Stop, say
from .sql import query

NAMES = ("PGHOST", "PGHOSTADDR", "PGPORT", "PGSERVICE")
RIGHTS = "SELECT current_user, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"


def server(name, python, command, durable=True):
    """Return the server to use: the user's own, or an embedded one.

    :param str name: the folder of an embedded one
    :param pathlib.Path python: the venv's
    :param str command: who uses it, such as ``make run``
    :param bool durable: False saves time where a crash of the machine may lose data
    """
    named = next((variable for variable in NAMES if os.environ.get(variable)), None)
    return Own(python, named) if named else Cluster(name, python, command, durable)


class Own:
    """A server that the user named by the usual PG* variables."""

    ours = False
    joined = False

    def __init__(self, python, variable):
        self.python = python
        self.variable = variable
        self.environment = dict(os.environ)

    def start(self, join=False):
        """Check that it can be used.

        :raise Stop: where it cannot
        """
        say(f"PostgreSQL: {os.environ[self.variable]}, named in {self.variable}.")
        ((user, may_create),) = query(self.python, self.environment, "postgres", RIGHTS)
        if user == "postgres":
            raise Stop(
                "Odoo refuses the database user postgres: set PGUSER to another role that may"
                " create databases."
            )
        if may_create != "True":
            raise Stop(f"The role {user} may not create databases: 'ALTER ROLE {user} CREATEDB'.")

    def stop(self):
        """Leave it running: it is not ours."""
