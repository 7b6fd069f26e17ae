"""Where ``make bench`` measures: a PostgreSQL of its own, and databases made anew."""

import os
import shutil
import socket
import subprocess
from contextlib import contextmanager

from benchmarks.race import LIBRARY, MESSAGE_DB

from . import browser, odoo
from .bench_baselines import library_python, message_db_sql
from .cluster import Cluster
from .database import Database
from .ending import kill_all, stop, unhurried, with_parent
from .layout import LOG, ROOT, RUN
from .port import addons_for, port_addons
from .programs import answer
from .say import Stop, say, step
from .sql import query
from .venv import ensure_venv

ADDONS = ROOT / "benchmarks" / "addons"
SHOP = ("rental_event_sourcing", "bench_share")
MODULES = ("bench_rental", "bench_article", "bench_boundary")


class Place:
    """The server and the databases; a context, everything in it ends with it.

    :param tools.sources.Source source: Odoo
    :ivar database: begins empty, and is emptied again and again
    :ivar full_database: is filled once
    :ivar other_database: of the library and of message-db
    :ivar shop_database: with the rental app, see :meth:`make_shop_database`
    :ivar feed_database: with the feed, see :meth:`make_feed_database`
    :ivar delivery_database: with destinations, see :meth:`make_delivery_database`
    :ivar missing: for a baseline that could not be had, why
    :ivar chromium: the path of a browser, None where there is none
    """

    database = "bench"
    full_database = "bench_full"
    other_database = "bench_other"
    shop_database = "bench_shop"
    feed_database = "bench_feed"
    delivery_database = "bench_delivery"
    log = LOG

    def __init__(self, source):
        self.source = source
        self.python = ensure_venv(source.series, source.path)
        self.cluster = Cluster(f"postgres-bench-{source.series}", self.python, "make bench")
        self.addons = [*addons_for(source.series, "bench"), self._own_addons()]
        self.missing = {}
        self._made = set()
        self.chromium = browser.program()

    def __enter__(self):
        self.library_python = self._if_possible(LIBRARY, library_python)
        self.message_db_sql = self._if_possible(MESSAGE_DB, message_db_sql)
        try:
            self.cluster.start()
            self._make_databases()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_error):
        with unhurried():
            self.cluster.stop()
            shutil.rmtree(self.cluster.folder / "data", ignore_errors=True)
            (self.cluster.folder / "complete").unlink(missing_ok=True)

    @property
    def environment(self):
        """The variables of whoever is measured."""
        path = f"{self.source.path}{os.pathsep}{ROOT}"
        return {**self.cluster.environment, "PYTHONPATH": path}

    @property
    def odoo_options(self):
        """The options of an Odoo without a server, the database left out."""
        options = odoo.options(self.source, self.addons, self.database)
        return [option for option in options if option.startswith(("--addons", "--data"))]

    @contextmanager
    def serve(self, database, share):
        """Run an Odoo with two workers for a database, and give its address.

        :param pathlib.Path share: where its requests write how long they took
        """
        with socket.socket() as first, socket.socket() as second:
            first.bind(("127.0.0.1", 0))
            second.bind(("127.0.0.1", 0))
            port, other = first.getsockname()[1], second.getsockname()[1]
        log = LOG / "bench-server.log"
        log.unlink(missing_ok=True)
        launcher = odoo.launcher(self.source, "bench")
        kill_all(launcher)  # what a killed run left behind
        command = [
            *(self.python, launcher),
            *odoo.options(self.source, self.addons, database),
            *("--http-interface=127.0.0.1", f"--http-port={port}", f"--gevent-port={other}"),
            *("--workers=2", "--max-cron-threads=0", "--log-level=warn"),
        ]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                env={**self.cluster.environment, "BENCH_SHARE": str(share)},
                cwd=LOG,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=with_parent,
            )
        try:
            odoo.wait_until_ready(process, f"http://127.0.0.1:{port}", log)
            yield f"http://127.0.0.1:{port}"
        finally:
            with unhurried():
                stop(process)

    def make_shop_database(self):
        """Make the database with the rental app, and return its name; once."""
        if self.shop_database not in self._made:
            self._make(self.shop_database, "template0", "base", "web", *SHOP)
        return self.shop_database

    def make_feed_database(self):
        """Make the database with the feed and a read model, and return its name."""
        return self._make_larger(self.feed_database, "bench_feed")

    def make_delivery_database(self):
        """Make the database with destinations of all kinds, and return its name."""
        kinds = (f"event_sourcing_delivery_{kind}" for kind in ("webhook", "nats", "rabbitmq"))
        return self._make_larger(self.delivery_database, *kinds)

    def _make_larger(self, name, *modules):
        """Make a database with more addons, and return its name.

        Nobody may be connected to the first one, of which it is made.
        """
        with step(f"Creating the database {name}"):
            self._make(name, self.database, *modules)
        return name

    def _make(self, name, template, *modules):
        database = Database(name, self.cluster, self.python, self.source, self.addons, "bench")
        demo = ["--without-demo=all"] if self.source.series == "17.0" else []
        database.drop(name)
        self._create(name, template)
        database.run_odoo("-i", ",".join(modules), *demo)
        self._made.add(name)

    def versions(self):
        """Return the versions of Odoo and Python."""
        python = answer([self.python, "-c", "import platform; print(platform.python_version())"])
        return f"Odoo {self.source.series}, Python {python}"

    def _make_databases(self):
        with step("Creating the databases without demo data (a minute or so)"):
            as_postgres = {**self.cluster.environment, "PGUSER": "postgres"}
            # So that a measurement does not pay for what the one before left to be written.
            query(self.python, as_postgres, "postgres", "GRANT pg_checkpoint TO odoo")
            # So that one can be measured as on a slow disk.
            grant = "GRANT SET ON PARAMETER commit_delay TO odoo"
            query(self.python, as_postgres, "postgres", grant)
            self._make(self.database, "template0", "base", "web", *MODULES)
            database = Database(
                self.database, self.cluster, self.python, self.source, self.addons, "bench"
            )
            for name, template in (
                (self.full_database, self.database),
                (self.other_database, "template0"),
            ):
                database.drop(name)
                self._create(name, template)

    def _create(self, name, template):
        statement = f"CREATE DATABASE {name} ENCODING 'UTF8' TEMPLATE {template}"
        query(self.python, self.cluster.environment, "postgres", statement)

    def _own_addons(self):
        """Return the folder of the addons that are only for measuring."""
        if self.source.series == "17.0":
            return ADDONS
        target = RUN / f"addons-{self.source.series}-bench" / "own"
        port_addons([path.parent for path in ADDONS.glob("*/__manifest__.py")], target)
        return target

    def _if_possible(self, baseline, fetch):
        try:
            return fetch()
        except Stop as why:
            say(f"NOT MEASURED: {baseline}. {why}")
            self.missing[baseline] = str(why).splitlines()[0]
            return None
