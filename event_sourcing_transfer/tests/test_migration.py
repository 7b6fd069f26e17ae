"""An export that is under way when a database of 1.0.0 is updated goes on, and keeps its file."""

from pathlib import Path

from odoo.addons import event_sourcing_job, event_sourcing_transfer
from odoo.addons.test_event_sourcing.common import EventCase, migrate

from .exported import file_of

JOB = Path(event_sourcing_job.__file__).parent / "migrations/1.1.0/pre-progress.py"
TRANSFER = Path(event_sourcing_transfer.__file__).parent / "migrations/1.1.0/pre-chunks.py"
# What 1.0.0 called it.
FORMER = """
    ALTER TABLE event_job RENAME COLUMN progress_data TO reading;
    UPDATE event_job SET reading = reading - 'chunks'
        || jsonb_build_object('pieces', reading -> 'chunks') WHERE reading ? 'chunks';
    UPDATE ir_model_fields SET name = 'reading'
     WHERE model = 'event.job' AND name = 'progress_data';
    UPDATE ir_model_data SET name = 'field_event_job__reading'
     WHERE module = 'event_sourcing_job' AND name = 'field_event_job__progress_data';
    ALTER TABLE event_export_chunk RENAME TO event_export_piece;
    ALTER SEQUENCE event_export_chunk_id_seq RENAME TO event_export_piece_id_seq;
    ALTER TABLE event_export_piece RENAME CONSTRAINT event_export_chunk_pkey
        TO event_export_piece_pkey;
    ALTER TABLE event_export_piece RENAME CONSTRAINT event_export_chunk_job_id_fkey
        TO event_export_piece_job_id_fkey;
    ALTER INDEX event_export_chunk_uniq RENAME TO event_export_piece_uniq;
    UPDATE ir_model SET model = 'event.export.piece' WHERE model = 'event.export.chunk';
    UPDATE ir_model_fields SET model = 'event.export.piece' WHERE model = 'event.export.chunk';
    UPDATE ir_model_data SET name = replace(name, 'event_export_chunk', 'event_export_piece')
     WHERE module = 'event_sourcing_transfer' AND name LIKE '%event_export_chunk%';
"""


class TestMigration(EventCase):
    def names(self):
        """Return the ids and names of the records that describe models and fields here."""
        self.env.cr.execute(
            "SELECT id, name, model, res_id FROM ir_model_data"
            " WHERE module IN ('event_sourcing_job', 'event_sourcing_transfer') ORDER BY id"
        )
        return self.env.cr.fetchall()

    def test_an_export_goes_on(self):
        for number in range(5):
            self.add(f"C{number}")
        own = self.env["event.job"].with_user(self.env.ref("base.user_admin"))
        self.patch(type(own), "_export_chunk", 2)
        job = own._request_export(["counter"])[0].sudo()
        while not (job.progress_data or {}).get("chunks"):
            self.assertTrue(job._write_chunk(job._read_chunk()))
        before = self.names()
        self.env.flush_all()
        self.env.cr.execute(FORMER)
        self.assertNotEqual(self.names(), before)
        for script in (JOB, TRANSFER):
            migrate(self.env.cr, script, "1.0.0")
        self.env.invalidate_all()
        self.assertEqual(self.names(), before)
        self.assertEqual(job.progress_data["chunks"], 1)
        while job._write_chunk(job._read_chunk()):
            pass
        self.assertEqual((job.state, job.done), ("done", 5))
        file = file_of(self.env.cr, job.id)
        self.assertEqual(len(file.splitlines()), 7)  # a head, the events, an end
