"""The databases: made whole or made again, updated when the addons changed."""

import hashlib
import time

from . import odoo
from .layout import LOG, ROOT, RUN
from .postgres import query
from .say import Stop, run_logged, say, step


class Database:
    """One database of one Odoo.

    :param server: the running PostgreSQL, see :mod:`tools.postgres`
    :param pathlib.Path python: the venv's
    :param tools.sources.Source source: Odoo
    :param list addons: folders of our addons
    """

    def __init__(self, name, server, python, source, addons):
        self.name = name
        self.server = server
        self.python = python
        self.source = source
        self.addons = addons
        self.launcher = odoo.launcher(source.series, source)

    def ensure(self, modules):
        """Create the database with demo data and both languages, or bring it up to date.

        What is complete carries a comment with the hash of the addons; anything else is
        the rest of an interrupted run, and is made again.
        """
        wanted = f"complete {code_hash()}"
        comment = self._comment()
        if comment == wanted:
            return
        if comment and comment.startswith("complete"):
            with step("Updating the database to the changed addons"):
                self.run_odoo("-u", ",".join(modules), "--stop-after-init")
        else:
            if comment is not None:
                say("An earlier start was interrupted: the database is made again.")
            self.create(modules)
        self._sql("postgres", f"COMMENT ON DATABASE \"{self.name}\" IS '{wanted}'")

    def create(self, modules):
        """Make the database anew, with demo data, English and Japanese."""
        self.drop(self.name)
        self._sql("postgres", f"CREATE DATABASE \"{self.name}\" ENCODING 'UTF8' TEMPLATE template0")
        demo = ["--with-demo"] if self.source.series != "17.0" else []
        with step(f"Creating the database {self.name} (a minute or so)"):
            self.run_odoo(
                *("-i", ",".join(["base", "web", *modules])),
                *("--load-language=en_US,ja_JP", "--stop-after-init", *demo),
            )
        rows = self._sql(self.name, "SELECT name FROM ir_module_module WHERE state = 'installed'")
        missing = set(modules) - {row[0] for row in rows}
        if missing:
            raise Stop(
                f"Odoo {self.source.series} did not install {', '.join(sorted(missing))};"
                f" its log is {self.log}."
            )

    def copy(self, name):
        """Make a copy of the database under another name."""
        self.drop(name)
        self._sql("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')

    def drop(self, name):
        self._sql("postgres", f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def run_odoo(self, *arguments):
        """Run Odoo to its end; its output goes to the log."""
        command = [
            *(self.python, self.launcher),
            *odoo.options(self.source, self.addons, self.name),
            *("--no-http", "--log-level=info", *arguments),
        ]
        run_logged(
            command, self.log, "Odoo could not be set up", env=self.server.environment, cwd=RUN
        )

    @property
    def log(self):
        return LOG / f"odoo-{self.source.series}-{self.name}.log"

    def _comment(self):
        """Return the comment on the database, "" for none, None where it does not exist."""
        rows = self._sql(
            "postgres",
            "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database"
            f" WHERE datname = '{self.name}'",
        )
        return rows[0][0] if rows else None

    def _sql(self, database, statement):
        return query(self.python, self.server.environment, database, statement)


def code_hash():
    """Return a hash over the addons: another one means an update is due."""
    digest = hashlib.sha256()
    for addon in ("event_sourcing", "rental_event_sourcing"):
        for path in sorted((ROOT / addon).rglob("*")):
            if path.is_file() and path.suffix in (".py", ".xml", ".csv", ".js", ".po", ".scss"):
                digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def stamp():
    """Return a name part that no earlier run has used."""
    return time.strftime("%H%M%S")
