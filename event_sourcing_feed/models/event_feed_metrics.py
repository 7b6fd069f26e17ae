import time

from odoo import api, models

from odoo.addons.event_sourcing_job.models.event_metrics import Metric

from ..append_time import append_time


class EventStoreAppendTime(models.Model):
    """Appends take note of how long they took, for monitoring."""

    _inherit = "event.store"

    @api.model
    def _append_all(self, vals_list, policies=None, keys=None, origin=None):
        began = time.perf_counter()
        try:
            return super()._append_all(vals_list, policies, keys, origin)
        finally:
            if origin is None:
                append_time.note(self.env.cr.dbname, time.perf_counter() - began)


class EventOverviewFeedMetrics(models.Model):
    """What monitoring reads of the feed."""

    _inherit = "event.overview"

    @api.model
    def _metrics(self):
        return [*super()._metrics(), *self._store_metrics(), *self._subscription_metrics()]

    @api.model
    def _store_metrics(self):
        counts = self.env["event.feed.count"]._counted()
        driven = self.env["event.feed.heartbeat"]._driven()
        metrics = [
            Metric(
                "event_sourcing_events_total",
                "counter",
                "Events that were stored, by what became of them.",
                [
                    ({"aggregate_type": name, "outcome": outcome}, count)
                    for (name, outcome), count in sorted(counts.items())
                ],
            ),
            Metric(
                "event_sourcing_workers",
                "gauge",
                "Workers that gave a sign of life within a minute.",
                [({}, driven["workers"])],
            ),
        ]
        seen = [({"kind": kind}, driven[kind]) for kind in ("worker", "scheduler")]
        metrics.append(
            Metric(
                "event_sourcing_worker_unseen_seconds",
                "gauge",
                "Seconds since a worker, or the scheduler in its place, gave a sign of life.",
                [(labels, age) for labels, age in seen if age is not None],
            )
        )
        return metrics

    @api.model
    def _subscription_metrics(self):
        subscriptions = self.env["event.subscription"].sudo().search([], limit=None)
        states = [state for state, _label in subscriptions._fields["state"].selection]
        waiting, oldest, slowest, state, errors = [], [], [], [], []
        for sub in subscriptions:
            own = {"subscription": sub.consumer}
            count, seconds = sub._waiting()
            stream = sub._slowest_stream()
            waiting.append((own, count))
            oldest.append((own, seconds))
            slowest.append((own, stream["seconds"] if stream else 0))
            state += [({**own, "state": name}, int(sub.state == name)) for name in states]
            errors.append((own, sub.error_count))
        prefix = "event_sourcing_subscription"
        return [
            Metric(
                f"{prefix}_lag_events",
                "gauge",
                "Events to look through, of all types, counted up to 10000.",
                waiting,
            ),
            Metric(f"{prefix}_lag_seconds", "gauge", "Age of the oldest event that waits.", oldest),
            Metric(
                f"{prefix}_slowest_stream_seconds",
                "gauge",
                "Age of the oldest event that waits and is for this subscription.",
                slowest,
            ),
            Metric(f"{prefix}_state", "gauge", "1 for the state that it is in.", state),
            Metric(f"{prefix}_errors_in_row", "gauge", "Tries that failed in a row.", errors),
        ]
