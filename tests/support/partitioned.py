"""A database of its own with a partitioned event store, for tests that really commit."""

import os
import subprocess
import time

from odoo.modules.registry import Registry
from odoo.sql_db import close_db
from odoo.tools import config

from support.commits import env_of
from support.forked import until

SIZE = 100
APART = "apart"  # the one of the fixture ``apart``


def engine_template():
    """Return the name of the database of ``event_sourcing_all``; of all addons where it is not.

    Addons that only use the engine take time, and nothing here asks them.
    """
    return os.environ.get("ES_ENGINE_TEMPLATE") or os.environ["ES_TEMPLATE"]


class PartitionedStore:
    """A copy of the engine's database as it was made; converted when a test asks for it.

    :param str name: of the new database
    """

    def __init__(self, name):
        self.name = name
        self.opened = []

    def create(self):
        """Copy it as it was made: what other tests wrote only takes time."""
        self.drop()
        subprocess.run(["createdb", "-T", engine_template(), self.name], check=True)
        # Nothing may be archived that a running one has not seen, and nobody works here.
        pause = "UPDATE event_subscription SET state = 'paused'"
        subprocess.run(["psql", "-q", "-d", self.name, "-c", pause], check=True)
        testing = config["test_enable"]
        config["test_enable"] = False  # or loading would look for the addons' own tests
        try:
            Registry(self.name)
        finally:
            config["test_enable"] = testing
        return self

    def drop(self):
        self.close()
        Registry.delete(self.name)
        close_db(self.name)
        # A vacuum of the server's own is none of ours to end; it ends by itself.
        drop = ["dropdb", "--if-exists", "--force", self.name]
        until(lambda: subprocess.run(drop).returncode == 0, 30)

    def env(self):
        """Give an environment in a transaction of its own."""
        cr = Registry(self.name).cursor()
        self.opened.append(cr)
        cr.execute("SET lock_timeout = '10s'")  # a test that waits for itself is to fail
        return env_of(cr)

    def close(self):
        """Roll back what is open."""
        while self.opened:
            cr = self.opened.pop()
            if not cr.closed:
                cr.rollback()
                cr.close()

    # ------------------------------------------------------------------
    # Short ways
    # ------------------------------------------------------------------

    @property
    def partitions(self):
        """The commands, with a transaction that has read nothing."""
        return self.env()["event.partition"]

    def append(self, key, *amounts, **options):
        """Append to a counter and commit; return the answers."""
        own = self.env()
        calls = [
            {
                "model_name": "counter",
                "aggregate_id": key,
                "event_type": "Added",
                "payload": {"amount": amount, "note": "傷\t\\n"},
                **options,
            }
            for amount in amounts
        ]
        answers = own["event.store"].append_batch(calls)
        own.cr.commit()
        return answers

    def seal(self):
        """Seal what is there; transactions of other databases on the server are waited for."""
        own, deadline = self.env(), time.monotonic() + 60
        waiting = True
        while waiting and time.monotonic() < deadline:
            own["event.seal"]._seal_all()
            own.cr.rollback()
            waiting = own["event.seal"].search_count([("state", "=", "waiting")])
            own.cr.rollback()
            time.sleep(0.2 if waiting else 0)
        assert not waiting, "somebody keeps a transaction open"

    def fetch(self, query, *values):
        own = self.env()
        own.cr.execute(query, values)
        rows = own.cr.fetchall()
        own.cr.rollback()
        return rows

    def last_id(self):
        """Return the last id that was given out."""
        return self.fetch("SELECT last_value FROM event_store_id_seq")[0][0]

    def skip(self, count):
        """Give out so many ids to nobody, as appends that are rolled back do."""
        self.fetch(
            "SELECT setval('event_store_id_seq', last_value + %s) FROM event_store_id_seq", count
        )

    def next_partition(self):
        """Let the next event be the first one of a new partition; return its name."""
        self.partitions.make_room()
        last = self.last_id()
        parts = self.env()["event.partition"]._partitions()
        part = next(part for part in parts if part.first > last)
        self.skip(part.first - 1 - last)
        return part.name

    def run(self, job_kind):
        """Work a job off; return its record."""
        own = self.env()
        job = own["event.job"].browse(own["event.job"].start(job_kind)["id"])
        own.cr.commit()
        job._work(600)
        return self.env()["event.job"].browse(job.id)

    def snapshot(self, key):
        return self.fetch(
            "SELECT version, state::text, total, xmin::text FROM counter_snapshot"
            " WHERE aggregate_id = %s",
            key,
        )
