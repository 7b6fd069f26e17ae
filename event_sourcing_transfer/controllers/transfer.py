from odoo import http
from odoo.exceptions import AccessError
from odoo.http import request

from odoo.addons.event_sourcing_base.arguments import MAX_ID


class TransferController(http.Controller):
    """An exported file, joined from its chunks while it is sent."""

    @http.route("/event_sourcing/export/<int:job_id>", type="http", auth="user", methods=["GET"])
    def export(self, job_id):
        """Answer with the file of an export of one's own, 404 where there is none."""
        try:
            # A rule leaves own ones alone.
            job = request.env["event.job"].search(
                [("id", "=", min(job_id, MAX_ID)), ("kind", "=", "export"), ("state", "=", "done")]
            )
        except AccessError:
            raise request.not_found() from None
        if not job:
            raise request.not_found()
        chunks = job.env["event.export.chunk"].sudo()
        count, size = chunks._size(job)
        headers = [
            ("Content-Type", "application/gzip"),
            ("Content-Length", str(size)),
            ("Content-Disposition", http.content_disposition(job.report_name)),
        ]
        return request.make_response(chunks._stream(job, count), headers)
