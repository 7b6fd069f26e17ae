import json

import psycopg2

from odoo import SUPERUSER_ID, http
from odoo.http import request

NO_TOKEN = (
    "There is no token for monitoring yet: an Event Sourcing manager makes one under"
    " Event Sourcing > Configuration > Settings."
)
WRONG_TOKEN = "This is not the token for monitoring: see Event Sourcing > Configuration > Settings."
NO_LIBRARY = (
    "Figures need the Python library prometheus-client where Odoo runs: pip install"
    " prometheus-client, and start Odoo again."
)
PLAIN = "text/plain; charset=utf-8"


class MonitoringController(http.Controller):
    """Figures and health for programs that watch: no user, no session, a token instead."""

    @http.route(
        "/event_sourcing/metrics",
        type="http",
        auth="none",
        methods=["GET"],
        save_session=False,
        readonly=False,  # it counts new events first; Odoo 17 knows nothing else
    )
    def metrics(self, token=None, **_others):
        """Answer with the figures for Prometheus.

        404 where no token was made, 403 for another one, 501 without ``prometheus-client``.
        """
        monitoring = self._monitoring()
        given = self._given(token)
        if not monitoring._token():
            return self._answer(NO_TOKEN, PLAIN, 404)
        if not monitoring._is_token(given):
            return self._answer(WRONG_TOKEN, PLAIN, 403)
        try:
            text, content_type = monitoring._exposition()
        except ImportError:
            return self._answer(NO_LIBRARY, PLAIN, 501)
        return self._answer(text, content_type)

    @http.route(
        "/event_sourcing/health", type="http", auth="none", methods=["GET"], save_session=False
    )
    def health(self, token=None, **_others):
        """Answer 200 where all is well, else 503; what is wrong only to who has the token."""
        given = self._given(token)
        try:
            monitoring = self._monitoring()
            if given and not monitoring._is_token(given):
                return self._answer(WRONG_TOKEN, PLAIN, 403)
            well, details = monitoring._health()
        except psycopg2.Error:
            well, details = False, {"failing": ["database"]}
            given = None
        answer = {"status": "ok" if well else "failing", **(details if given else {})}
        return self._answer(json.dumps(answer), "application/json", 200 if well else 503)

    def _monitoring(self):
        return request.env(user=SUPERUSER_ID)["event.monitoring"]

    def _given(self, token):
        scheme, _space, given = request.httprequest.headers.get("Authorization", "").partition(" ")
        return given.strip() if scheme.lower() == "bearer" else token

    def _answer(self, text, content_type, status=200):
        headers = [("Content-Type", content_type), ("Cache-Control", "no-store")]
        return request.make_response(text, headers, status=status)
