from odoo import fields, models

from odoo.addons.event_sourcing_base.fields import JsonDocument


class EventReportChunk(models.Model):
    """What a report has read so far: a row per chunk, until its workbook is written.

    Nobody has rights on it; the job reads and writes it. PostgreSQL compresses the rows.
    """

    _name = "event.report.chunk"
    _inherit = "access.first.mixin"
    _description = "Chunk of a Report"
    _order = "number"
    _rec_name = "number"

    job_id = fields.Many2one("event.job", required=True, ondelete="cascade", index=True)
    number = fields.Integer(required=True, help="1, 2, 3 … within the job.")
    sheet = JsonDocument(required=True, help="Title, columns and what the rows come from.")
    record_ids = JsonDocument(required=True, prefetch=False, help="What is to be read, in order.")
    cells = fields.Text(
        prefetch=False, help="What was read, as JSON: a list of rows, or the summary."
    )
    widths = JsonDocument(help="The widest cell of each column, in characters.")
