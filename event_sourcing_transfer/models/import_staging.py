from odoo import api, fields, models

from odoo.addons.event_sourcing_base.canonical_json import canonical, normalise
from odoo.addons.event_sourcing_base.fields import JsonDocument


class EventImportStream(models.Model):
    """How far an aggregate would be after the rows of a file that were checked so far.

    A check reaches over many transactions and keeps nothing: neither events nor
    snapshots. What it must remember stands here until the job ends.
    """

    _name = "event.import.staged.stream"
    _inherit = "access.first.mixin"
    _description = "History as Checked by an Import"
    _log_access = False

    job_id = fields.Many2one("event.job", required=True, ondelete="cascade")
    model_name = fields.Char(required=True)
    aggregate_id = fields.Char(string="Record", required=True)
    version = fields.Integer(required=True)
    company_id = fields.Integer(required=True)
    state = JsonDocument()

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_import_staged_stream_uniq"
            " ON event_import_staged_stream (job_id, company_id, model_name, aggregate_id)"
        )

    @api.model
    def _load(self, job, keys):
        """Return ``{(company id, model_name, aggregate_id): (version, state)}``."""
        if not keys:
            return {}
        self.env.cr.execute(
            "SELECT company_id, model_name, aggregate_id, version, state"
            "  FROM unnest(%s::int[], %s::text[], %s::text[])"
            "       AS wanted (company_id, model_name, aggregate_id)"
            "  JOIN event_import_staged_stream USING (company_id, model_name, aggregate_id)"
            " WHERE job_id = %s",
            [*map(list, zip(*keys, strict=True)), job.id],
        )
        return {
            row[:3]: (row[3], None if row[4] is None else normalise(row[4]))
            for row in self.env.cr.fetchall()
        }

    @api.model
    def _save(self, job, streams):
        """Remember ``{(company id, model_name, aggregate_id): (version, state)}``."""
        rows = [
            (job.id, *key, version, None if state is None else canonical(state))
            for key, (version, state) in streams.items()
        ]
        if rows:
            self.env.cr.execute(
                "INSERT INTO event_import_staged_stream"
                " (job_id, company_id, model_name, aggregate_id, version, state)"
                " SELECT job, company, model, aggregate, version, state::jsonb"
                "   FROM unnest(%s::int[], %s::int[], %s::text[], %s::text[], %s::int[],"
                "               %s::text[])"
                "        AS row (job, company, model, aggregate, version, state)"
                " ON CONFLICT (job_id, company_id, model_name, aggregate_id) DO UPDATE"
                " SET version = excluded.version, state = excluded.state",
                list(map(list, zip(*rows, strict=True))),
            )


class EventImportSeen(models.Model):
    """By which keys the rows of a file were known so far, and what they stood for."""

    _name = "event.import.staged.row"
    _inherit = "access.first.mixin"
    _description = "Event as Checked by an Import"
    _log_access = False

    job_id = fields.Many2one("event.job", required=True, ondelete="cascade")
    key = fields.Char(required=True, help="Column, company and value; see event.store._keys_of.")
    line = fields.Integer(required=True)
    digest = fields.Char(required=True)

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_import_staged_row_uniq"
            " ON event_import_staged_row (job_id, key)"
        )

    @api.model
    def _load(self, job, keys):
        """Return ``{key: (line, digest)}`` of those that were seen."""
        self.env.cr.execute(
            "SELECT key, line, digest FROM event_import_staged_row"
            " WHERE job_id = %s AND key = ANY(%s)",
            [job.id, list(keys)],
        )
        return {key: (line, digest) for key, line, digest in self.env.cr.fetchall()}

    @api.model
    def _save(self, job, seen):
        """Remember ``{key: (line, digest)}``."""
        rows = [(job.id, key, *row) for key, row in seen.items()]
        if rows:
            self.env.cr.execute(
                "INSERT INTO event_import_staged_row (job_id, key, line, digest)"
                " SELECT * FROM unnest(%s::int[], %s::text[], %s::int[], %s::text[])"
                " ON CONFLICT DO NOTHING",
                list(map(list, zip(*rows, strict=True))),
            )
