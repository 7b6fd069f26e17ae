"""``odoo-bin event_worker``: passes events on as they come, in one process.

It polls: ``NOTIFY`` takes a lock that serialises commits. Any number of workers share the
subscriptions; without one the scheduler does the same once a minute.
"""

import logging
import os
import signal
import socket
import time

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config

from .heartbeat import BEAT, Heartbeat
from .own_transaction import statements_alone

_logger = logging.getLogger(__name__)

POLL = 0.1
PAUSE = 1.0
# Seconds after which a worker with nothing to do asks what others changed in Odoo itself.
ASK_AGAIN = 1.0


class Worker:
    """Work on all subscriptions of one database until SIGTERM or SIGINT.

    :param str database: its name
    """

    def __init__(self, database):
        self._database = database
        self._ending = False
        self._counted = self._asked = 0.0
        self._registry = None
        self._versions = None
        self._heartbeat = None

    def run(self, seconds=None):
        """Work; returns after the page at hand when the process is told to end.

        :param seconds: end after so long, None for never
        :raise SystemExit: with a sentence, where another process has to go on: addons were
            updated, and this one has their former code
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        name_connections()
        deadline = None if seconds is None else time.monotonic() + seconds
        _logger.info("Passing on the events of %s.", self._database)
        self._heartbeat = Heartbeat(self._database, f"{socket.gethostname()}-{os.getpid()}")
        self._heartbeat.start()
        try:
            self._work(deadline)
        finally:
            self._heartbeat.stop()

    def _work(self, deadline):
        while self._goes_on() and (deadline is None or time.monotonic() < deadline):
            try:
                worked = self._turn()
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                _logger.warning("The database does not answer: %s", error)
                time.sleep(PAUSE)
                continue
            except Exception:
                # Such as a column that an update is just about to make.
                _logger.exception("Passing on events goes on after an error.")
                time.sleep(PAUSE)
                continue
            if not worked:
                time.sleep(POLL)

    def _turn(self):
        registry = self._registry or self._load()
        self._count(registry)
        with statements_alone(registry) as cr:
            subscriptions = api.Environment(cr, SUPERUSER_ID, {})["event.subscription"]
            due = subscriptions._due()
            changed = self._has_changed(registry, cr, any(due))
        if changed and self._load() is not registry:
            return True
        # The cursor is closed: every page has one of its own.
        return subscriptions._run(due, goes_on=self._goes_on) and not self._ending

    def _goes_on(self):
        """Whether something else is to be begun; what was before it came to an end."""
        if self._heartbeat is not None:
            self._heartbeat.turned()
        return not self._ending

    def _load(self):
        """Take over what others changed in Odoo itself; return the registry."""
        registry = Registry(self._database).check_signaling()
        if registry is not self._registry:
            self._check_code(registry)
            self._registry = registry
        return registry

    def _has_changed(self, registry, cr, working):
        """Whether others changed modules, settings or the like; after what is due was found.

        :param bool working: whether anything is due: it meets what was changed before it
        """
        if not working and time.monotonic() - self._asked < ASK_AGAIN:
            return False
        self._asked = time.monotonic()
        known = (registry.registry_sequence, registry.cache_sequences)
        return registry.get_sequences(cr) != known

    def _count(self, registry):
        """Count events for monitoring now and then, where somebody watches."""
        if time.monotonic() - self._counted < BEAT:
            return
        with registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if env["event.monitoring"]._token():
                env["event.feed.count"]._count_new(1.0)
        self._counted = time.monotonic()

    def _check_code(self, registry):
        """End where the addons of the database are not those whose code was loaded.

        :raise SystemExit: with a sentence
        """
        if "event.subscription" not in registry:
            raise SystemExit(f"{self._database} has no addon event_sourcing_feed.")
        with registry.cursor() as cr:
            cr.execute(
                "SELECT name, latest_version FROM ir_module_module WHERE state = 'installed'"
            )
            versions = dict(cr.fetchall())
        before, self._versions = self._versions or versions, versions
        updated = sorted(
            name for name in before.keys() & versions if before[name] != versions[name]
        )
        if updated:
            raise SystemExit(
                f"Start this worker again: {', '.join(updated)} was updated, and it has the"
                " former code."
            )

    def _end(self, _number, _frame):
        _logger.info("Ending after the page at hand.")
        self._ending = True


def name_connections():
    """Let PostgreSQL know the connections of this process as those of a worker."""
    name = f"event_worker-{os.getpid()}"
    if "db_app_name" in config.options:  # Odoo 19
        config["db_app_name"] = name
    else:
        os.environ["ODOO_PGAPPNAME"] = name
