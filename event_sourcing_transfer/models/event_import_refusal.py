from odoo import api, fields, models

from odoo.addons.event_sourcing_base.fields import NO_SUM

# So many are listed; all are counted.
MAX_LISTED = 100_000
MAX_EXCERPT = 300


class EventImportRefusal(models.Model):
    """One row of a file that cannot be imported, and why."""

    _name = "event.import.refusal"
    _inherit = "access.first.mixin"
    _description = "Rejected Row"
    _order = "job_id desc, line, id"
    _rec_name = "line"
    _export_text_as_text = True

    job_id = fields.Many2one(
        "event.job", readonly=True, required=True, ondelete="cascade", index=True
    )
    line = fields.Integer(readonly=True, **NO_SUM)
    reason = fields.Text(readonly=True)
    excerpt = fields.Char(string="Row", readonly=True, help="How the row begins.")

    @api.model
    def _record(self, job, found):
        """Keep ``[(line, reason, excerpt)]``; return by how much the job's count grows."""
        room = max(MAX_LISTED - job.refused_count, 0)
        storable = self.env["event.store"]._storable
        self.create(
            [
                {
                    "job_id": job.id,
                    "line": line,
                    "reason": storable(reason),
                    "excerpt": storable(excerpt)[:MAX_EXCERPT],
                }
                for line, reason, excerpt in found[:room]
            ]
        )
        return len(found)
