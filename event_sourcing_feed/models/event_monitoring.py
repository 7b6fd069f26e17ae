import hmac
import secrets

from odoo import api, models

from odoo.addons.event_sourcing_job.models.event_metrics import Metric

from .. import append_time as timing
from ..own_transaction import in_own_transaction

TOKEN = "event_sourcing_feed.monitoring_token"
LAG_LIMIT = "event_sourcing_feed.health_lag_seconds"
LAG_SECONDS = 300
# What a scrape may take to count events that were not counted yet.
COUNT_SECONDS = 0.5


class EventMonitoring(models.AbstractModel):
    """What programs that watch are told: figures for Prometheus, and whether all is well.

    They have no user: a token opens aggregate figures of all companies, and nothing else.
    """

    _name = "event.monitoring"
    _description = "Monitoring of the Event Store"

    # ------------------------------------------------------------------
    # The token
    # ------------------------------------------------------------------

    @api.model
    def _token(self):
        return self.env["ir.config_parameter"].sudo().get_param(TOKEN) or ""

    @api.model
    def _new_token(self):
        token = secrets.token_urlsafe(32)
        self.env["ir.config_parameter"].sudo().set_param(TOKEN, token)
        return token

    @api.model
    def _is_token(self, text):
        """Whether a text is the token, compared in the same time whatever it is."""
        token = self._token()
        return bool(token) and hmac.compare_digest(token.encode(), (text or "").encode())

    # ------------------------------------------------------------------
    # Prometheus
    # ------------------------------------------------------------------

    @api.model
    def _exposition(self):
        """Return ``(text, content type)`` for Prometheus.

        :raise ImportError: without the library ``prometheus-client``
        """
        client = timing.prometheus_client
        if client is None:
            raise ImportError("prometheus-client")
        counted = self.env["event.feed.count"]._count_new(COUNT_SECONDS)
        with in_own_transaction(self.env["event.overview"]) as overview:
            metrics = overview._metrics()
        text = "Whether the events are all counted; 0 while it catches up."
        metrics.append(Metric("event_sourcing_events_counted", "gauge", text, [({}, int(counted))]))
        collector = Collector(metrics, self.env.cr.dbname)
        return client.generate_latest(collector), client.CONTENT_TYPE_LATEST

    # ------------------------------------------------------------------
    # Health
    # ------------------------------------------------------------------

    @api.model
    def _health(self):
        """Return ``(whether all is well, details)``; cheap, it is asked every few seconds."""
        checks = self._health_checks()
        failing = sorted(name for name, (well, _value) in checks.items() if not well)
        details = {name: value for name, (_well, value) in checks.items()}
        return not failing, {**details, "failing": failing}

    @api.model
    def _health_checks(self):
        """Return ``{name: (whether it is well, a value for JSON)}``; addons add theirs."""
        subscriptions = self.env["event.subscription"].sudo()
        driven = self.env["event.feed.heartbeat"]._driven()
        stopped = subscriptions.search([("state", "=", "stopped")], limit=None).mapped("consumer")
        lags = {
            sub.consumer: round(sub._waiting()[1], 1)
            for sub in subscriptions.search([("state", "=", "running")], limit=None)
        }
        limit = self._lag_limit()
        return {
            "database": (True, "ok"),
            "worker": (driven["ok"], {key: driven[key] for key in driven if key != "ok"}),
            "stopped": (not stopped, stopped),
            "lag_seconds": (max(lags.values(), default=0) <= limit, {**lags, "limit": limit}),
        }

    @api.model
    def _lag_limit(self):
        text = self.env["ir.config_parameter"].sudo().get_param(LAG_LIMIT) or ""
        return int(text) if text.isascii() and text.isdigit() and int(text) else LAG_SECONDS


class Collector:
    """Figures in the form of ``prometheus-client``.

    :param list metrics: of ``Metric``
    :param str database: whose appends are told
    """

    def __init__(self, metrics, database):
        self._metrics, self._database = metrics, database

    def collect(self):
        """Yield the families."""
        family = timing.prometheus_client.Metric
        for metric in self._metrics:
            one = family(metric.name.removesuffix("_total"), metric.help, metric.kind)
            for labels, value in metric.samples:
                one.add_sample(metric.name, labels, value)
            yield one
        times = family(timing.NAME, timing.HELP, "histogram")
        for sample in timing.append_time.samples(self._database):
            times.add_sample(*sample)
        yield times
