"""How long appends take, measured by the process that does them.

Every process of Odoo counts for itself, in memory: a table that all of them write would cost each
append more than it tells. ``prometheus-client`` adds the processes up where
``PROMETHEUS_MULTIPROC_DIR`` names a folder; elsewhere a series carries its process's id.
"""

import logging
import os

try:
    import prometheus_client
    from prometheus_client import multiprocess
except ImportError:  # optional
    prometheus_client = None

_logger = logging.getLogger(__name__)

NAME = "event_sourcing_append_seconds"
HELP = "Seconds per append, of one event or of a batch."
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class AppendTime:
    """The histogram of a process, by database; nothing at all without the library."""

    def __init__(self):
        self._histogram = prometheus_client and prometheus_client.Histogram(
            NAME, HELP, ["database"], buckets=BUCKETS, registry=None
        )
        self._of = {}

    def note(self, database, seconds):
        """Count one append."""
        if self._histogram is None:
            return
        try:
            if database not in self._of:
                self._of[database] = self._histogram.labels(database)
            self._of[database].observe(seconds)
        except OSError as error:  # the folder of the processes is not there
            self._histogram = None
            _logger.warning("Times of appends are not counted any more: %s", error)

    def samples(self, database):
        """Yield ``(name, labels, value)`` of one database: of others nothing is told."""
        shared = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
        if self._histogram is None or (shared and not os.path.isdir(shared)):
            return
        own = {} if shared else {"pid": str(os.getpid())}
        source = self._histogram
        if shared:
            source = multiprocess.MultiProcessCollector(None, shared)
        for family in source.collect():
            for sample in family.samples:
                labels = dict(sample.labels)
                mine = labels.pop("database", None) == database and family.name == NAME
                if mine and not sample.name.endswith("_created"):
                    yield sample.name, {**labels, **own}, sample.value


append_time = AppendTime()
