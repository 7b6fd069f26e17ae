"""A PostgreSQL of its own that survives a crash, to be killed and filled up."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from tools.cluster import Cluster


class DurableCluster(Cluster):
    """A cluster with ``fsync``, made for one module of tests and thrown away."""

    def start(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        super().start()
        return self

    def crash(self):
        """``kill -9`` of every process of the server at once."""
        pids = [self.pid, *self.children()]
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        while any(_state(pid) not in (None, "Z") for pid in pids):
            time.sleep(0.01)

    def recover(self):
        """Start it again, on the same port; PostgreSQL repairs itself."""
        self._start()

    @property
    def pid(self):
        return int((self.data / "postmaster.pid").read_text().split()[0])

    def children(self):
        """Return the pids of the postmaster's children: all that write into files."""
        found = []
        for file in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                # pid (name) state ppid …; the name may hold spaces
                if int(file.read_text().rpartition(") ")[2].split()[1]) == self.pid:
                    found.append(int(file.parent.name))
        return found

    def restore(self, database, source_environment, source):
        """Dump a database of another cluster and restore it here."""
        self.run("createdb", database)
        with subprocess.Popen(
            [self.bin / "pg_dump", "--format=plain", "--no-owner", "--no-acl", source],
            env=source_environment,
            stdout=subprocess.PIPE,
        ) as dump:
            # In one transaction: the numbers of the new cluster stay below those restored.
            options = ("-q", "--single-transaction", "-v", "ON_ERROR_STOP=1", "-d", database)
            self.run("psql", *options, stdin=dump.stdout)
        assert dump.returncode == 0

    def run(self, program, *arguments, user=None, **options):
        environment = {**self.environment, **({"PGUSER": user} if user else {})}
        return subprocess.run(
            [self.bin / program, *arguments],
            env=environment,
            check=True,
            capture_output=True,
            text=True,
            **options,
        ).stdout

    def connect(self, database, user=None):
        """Return a connection of psycopg2 that commits each statement."""
        import psycopg2

        connection = psycopg2.connect(
            host=self.environment["PGHOST"],
            port=self.environment["PGPORT"],
            user=user or self.environment["PGUSER"],
            password=self.environment["PGPASSWORD"],
            dbname=database,
        )
        connection.autocommit = True
        return connection


@contextmanager
def restored_cluster(name, database, source):
    """Give a cluster into which a database is restored; its data go at the end.

    :param str name: what its folder is called
    :param str database: the name of the restored one
    :param str source: the name of what is restored
    """
    folder = f"postgres-{name}-{os.environ['ES_SERIES']}"
    cluster = DurableCluster(folder, Path(os.environ["ES_PYTHON"]), "the tests")
    try:
        cluster.start()
        cluster.restore(database, dict(os.environ), source)
        yield cluster
    finally:
        cluster.durable = False  # its data go
        cluster.stop()


def _state(pid):
    """Return the state of a process as /proc says it, None where it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()[0]
    except OSError:
        return None
