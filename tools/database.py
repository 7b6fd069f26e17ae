"""The databases: made whole or made again, updated when the addons changed."""

import hashlib
import os
import re
import shutil

from . import odoo
from .layout import LOG, ROOT, RUN, installed_addons
from .programs import explain, run_logged
from .say import Stop, say, step
from .sql import query

BEING_MADE = "event sourcing: being made"
COMPLETE = "event sourcing: complete"
# Columns that came with what cannot be made up for what was stored before.
NEEDED = {
    "event_store": ("timezone", "attempt_uuid", "origin"),
    "event_stream": ("company_id",),
    "event_job": ("owner_only",),
}


class Database:
    """One database of one Odoo.

    :param server: the running PostgreSQL, see :mod:`tools.postgres`
    :param pathlib.Path python: the venv's
    :param tools.sources.Source source: Odoo
    :param list addons: folders of our addons
    :param str purpose: ``run`` or ``test``: each has a launcher of its own
    """

    def __init__(self, name, server, python, source, addons, purpose="run"):
        if not re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,50}", name):
            raise Stop(f"{name} is no name for a database: use letters, digits, - and _.")
        self.name = name
        self.server = server
        self.python = python
        self.source = source
        self.addons = addons
        self.launcher = odoo.launcher(source, purpose)

    def ensure(self, modules, fresh=False):
        """Create the database with demo data and both languages, or bring it up to date.

        A comment on the database says how far it is: what is complete carries a hash of the
        addons, what is being made is the rest of an interrupted run and is made again.

        :param bool fresh: whether one that was made here is thrown away and made anew
        :raise Stop: where there is one of that name that was not made here, or one that was
            made by an earlier version
        """
        wanted = f"{COMPLETE} {code_hash()}"
        comment = self._comment()
        complete = bool(comment) and comment.startswith(COMPLETE)
        if comment == wanted and not fresh:
            return
        if complete and not fresh:
            self._check_version()
            with step("Updating the database to the changed addons"):
                new = [name for name in modules if name not in self._installed()]
                install = ["-i", ",".join(new)] if new else []
                try:
                    self.run_odoo("-u", ",".join(modules), *install, "--i18n-overwrite")
                except Stop as failure:
                    raise Stop(
                        f"{failure}\nIf an earlier version made the database {self.name}, there"
                        f" may be no migration: {self._ways_out()}"
                    ) from None
                self._check_installed(modules)
        else:
            interrupted = comment == "" and self.server.ours and self._is_empty()
            if not (complete or interrupted or comment in (None, BEING_MADE)):
                raise Stop(
                    f"The database {self.name} exists and was not made by this command: choose"
                    " another name with DB=…"
                )
            if comment is not None and not complete:
                say("An earlier start was interrupted: the database is made again.")
            self.create(modules)
        self._comment_on(wanted)

    def _check_version(self):
        """Refuse to update tables of a version from which there is no way.

        :raise Stop: naming what makes the demo database anew
        """
        rows = self._sql(
            self.name,
            "SELECT table_name, column_name FROM information_schema.columns"
            " WHERE table_schema = 'public'",
        )
        there = {}
        for table, column in rows:
            there.setdefault(table, set()).add(column)
        if any(not there[name].issuperset(NEEDED[name]) for name in there.keys() & NEEDED.keys()):
            raise Stop(
                f"The database {self.name} was made by an earlier version, from which there is no"
                f" migration: {self._ways_out()}"
            )

    def _ways_out(self):
        chosen = f"DB={self.name} " if os.environ.get("DB") else ""
        return (
            f"'make run {chosen}FRESH=yes' throws it away and makes it anew, with the demo data"
            " alone; with another name in DB=… you keep it and get a second one."
        )

    def _is_empty(self):
        """Whether nothing is in the database: its making was interrupted at once."""
        return not self._sql(
            self.name, "SELECT 1 FROM pg_class WHERE relnamespace = 'public'::regnamespace LIMIT 1"
        )

    def create(self, modules):
        """Make the database anew, with demo data, English and Japanese.

        :raise Stop: unless every module is installed; Odoo ends well where it left one out
        """
        self.drop(self.name)
        self._sql("postgres", f"CREATE DATABASE \"{self.name}\" ENCODING 'UTF8' TEMPLATE template0")
        self._comment_on(BEING_MADE)
        with step(f"Creating the database {self.name} (a minute or so)"):
            self._install(modules, "base,web,", "--load-language=en_US,ja_JP")

    def add(self, modules):
        """Install more modules, with demo data.

        :raise Stop: unless every module is installed
        """
        self._comment_on(BEING_MADE)
        with step(f"Creating the database {self.name}"):
            self._install(modules)

    def note_complete(self):
        """Note that the database is whole, so that it can be used again."""
        self._comment_on(COMPLETE)

    def is_complete(self):
        """Whether the database is there and was noted as whole."""
        return self._comment() == COMPLETE

    def names(self, prefix):
        """Return the names of all databases that begin with a prefix."""
        rows = self._sql(
            "postgres", f"SELECT datname FROM pg_database WHERE starts_with(datname, '{prefix}')"
        )
        return [row[0] for row in rows]

    def _install(self, modules, before="", *arguments):
        demo = ["--with-demo"] if self.source.series != "17.0" else []
        self.run_odoo("-i", before + ",".join(modules), *arguments, *demo)
        self._check_installed(modules)

    def _installed(self):
        """Return the names of the installed modules.

        :raise Stop: where Odoo has set up no such list, with the end of what it said
        """
        statement = "SELECT name FROM ir_module_module WHERE state = 'installed'"
        try:
            return {row[0] for row in self._sql(self.name, statement)}
        except Stop as stop:
            said = self.log.read_text(errors="replace") if self.log.exists() else ""
            raise Stop(explain(str(stop), said, self.log)) from None

    def _check_installed(self, modules):
        missing = set(modules) - self._installed()
        if missing:
            raise Stop(
                f"Odoo {self.source.series} did not install {', '.join(sorted(missing))};"
                f" its log is {self.log}."
            )

    def copy(self, name):
        """Make a copy of the database and of its files under another name."""
        self.drop(name)
        self._sql("postgres", f'CREATE DATABASE "{name}" TEMPLATE "{self.name}"')
        files = odoo.data(self.source) / "filestore"
        if (files / self.name).is_dir():
            shutil.copytree(files / self.name, files / name)

    def drop(self, name):
        """Remove a database and its files."""
        # WITH (FORCE) would want to end autovacuum, too, which only a superuser may.
        self._sql(
            "postgres",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            f" WHERE datname = '{name}' AND backend_type = 'client backend'",
        )
        self._sql("postgres", f'DROP DATABASE IF EXISTS "{name}"')
        shutil.rmtree(odoo.data(self.source) / "filestore" / name, ignore_errors=True)

    def run_odoo(self, *arguments):
        """Run Odoo to its end; its output goes to the log."""
        command = [
            *(self.python, self.launcher),
            *odoo.options(self.source, self.addons, self.name),
            *("--no-http", "--log-level=info", "--stop-after-init", *arguments),
        ]
        run_logged(
            command,
            self.log,
            "Odoo could not set up the database",
            where=_where,
            env=self.server.environment,
            cwd=RUN,
        )

    @property
    def log(self):
        """Where Odoo's output goes."""
        return LOG / f"odoo-{self.source.series}-{self.name}.log"

    def _comment(self):
        """Return the comment on the database, "" for none, None where it does not exist."""
        rows = self._sql(
            "postgres",
            "SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database"
            f" WHERE datname = '{self.name}'",
        )
        return rows[0][0] if rows else None

    def _comment_on(self, text):
        self._sql("postgres", f"COMMENT ON DATABASE \"{self.name}\" IS '{text}'")

    def _sql(self, database, statement):
        return query(self.python, self.server.environment, database, statement)


def code_hash(folders=None):
    """Return a hash over the addons but their tests: another one means that an update is due."""
    digest = hashlib.sha256()
    for folder in folders or [ROOT / name for name in installed_addons()]:
        for path in sorted(folder.rglob("*")):
            left_out = {"__pycache__", "tests"} & set(path.relative_to(folder).parts)
            if path.is_file() and not left_out:
                digest.update(f"{path.relative_to(folder.parent)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]


def _where(text):
    """Return which module Odoo is loading, from a piece of its log."""
    found = re.findall(r"Loading module (\S+) \((\d+/\d+)\)", text)
    return f"module {found[-1][1]}: {found[-1][0]}" if found else None
