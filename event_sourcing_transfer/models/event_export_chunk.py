from odoo import api, fields, models


class EventExportChunk(models.Model):
    """A part of an exported file, packed: a row per chunk, joined when it is downloaded.

    Nobody has rights on it. Files that gzip packed one after another are one file.
    """

    _name = "event.export.chunk"
    _inherit = "access.first.mixin"
    _description = "Chunk of an Export"
    _log_access = False
    _rec_name = "number"

    job_id = fields.Many2one("event.job", required=True, ondelete="cascade")
    number = fields.Integer(required=True, help="1, 2, 3 … within the job.")

    def init(self):
        """Add the bytes, which the ORM never reads; they are packed already."""
        self.env.cr.execute(
            """
            ALTER TABLE event_export_chunk ADD COLUMN IF NOT EXISTS packed bytea;
            ALTER TABLE event_export_chunk ALTER COLUMN packed SET STORAGE EXTERNAL;
            CREATE UNIQUE INDEX IF NOT EXISTS event_export_chunk_uniq
                ON event_export_chunk (job_id, number);
            """
        )

    @api.model
    def _save(self, job, number, packed):
        self.env.cr.execute(
            "INSERT INTO event_export_chunk (job_id, number, packed) VALUES (%s, %s, %s)",
            [job.id, number, packed],
        )

    @api.model
    def _size(self, job):
        """Return of how many chunks the file of a job consists, and of how many bytes."""
        self.env.cr.execute(
            "SELECT count(*), coalesce(sum(octet_length(packed)), 0)::bigint"
            "  FROM event_export_chunk WHERE job_id = %s",
            [job.id],
        )
        return self.env.cr.fetchone()

    @api.model
    def _stream(self, job, count):
        """Return the file of a job chunk by chunk, each read in a transaction of its own.

        It is read while it is sent, when the request's own transaction is over.
        """
        open_cursor, job_id = self.env.registry.cursor, job.id

        def chunks():
            for number in range(1, count + 1):
                with open_cursor() as cr:
                    cr.execute(
                        "SELECT packed FROM event_export_chunk WHERE job_id = %s AND number = %s",
                        [job_id, number],
                    )
                    (packed,) = cr.fetchone()
                yield bytes(packed)

        return chunks()
