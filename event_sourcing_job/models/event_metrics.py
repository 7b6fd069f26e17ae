from collections import Counter
from typing import NamedTuple

from odoo import api, models


class Metric(NamedTuple):
    """A figure for monitoring; aggregate figures only, never what is in an event.

    :ivar str name: as Prometheus wants it, a counter's ends with ``_total``
    :ivar str kind: ``gauge`` or ``counter``
    :ivar str help: a sentence in English, as in every exposition
    :ivar list samples: of ``(dict of labels, number)``
    """

    name: str
    kind: str
    help: str
    samples: list


class EventOverviewMetrics(models.Model):
    """The figures of the overview for programs that watch; addons add theirs."""

    _inherit = "event.overview"

    @api.model
    def _metrics(self):
        """Return figures of the whole store, of all companies, as a list of ``Metric``.

        A hook. For whoever watches the system: who asks for them has checked that they may.
        Each has to be cheap, they are read every few seconds.
        """
        jobs = self.env["event.job"].sudo()
        counts = Counter(dict(jobs._read_group([], ["state"], ["__count"])))
        samples = [({"state": state}, counts[state]) for state in self._job_states()]
        return [Metric("event_sourcing_jobs", "gauge", "Jobs over the history.", samples)]

    @api.model
    def _job_states(self):
        return [state for state, _label in self.env["event.job"]._fields["state"].selection]
