from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request

from odoo.addons.event_sourcing_base.arguments import MAX_ID
from odoo.addons.event_sourcing_base.canonical_json import pretty


class SealController(http.Controller):
    """The digest of a seal as a file."""

    @http.route("/event_sourcing/seal/<int:seal_id>", type="http", auth="user", methods=["GET"])
    def digest(self, seal_id):
        """Answer with the digest of a seal as JSON, or with 404 where there is none."""
        try:
            seal = request.env["event.seal"].search(
                [("id", "=", min(seal_id, MAX_ID)), ("state", "=", "sealed")]
            )
        except AccessError:
            raise request.not_found() from None
        if not seal:
            raise request.not_found()
        name = f"event-seal-{seal.id}.json"
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Disposition", http.content_disposition(name)),
        ]
        return request.make_response(pretty(seal._digest_document()), headers)
