from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..fields import NO_SUM

# A plain text: composing it anew would take longer than PostgreSQL needs for it.
ADVANCE = """
    INSERT INTO event_stream (
        model_name, aggregate_id, version, company_id,
        create_uid, create_date, write_uid, write_date)
    SELECT key.model_name, key.aggregate_id, key.version, key.company_id,
           %(uid)s, %(now)s, %(uid)s, %(now)s
      FROM unnest(%(models)s::text[], %(aggregates)s::text[],
                  %(versions)s::int[], %(companies)s::int[])
           AS key (model_name, aggregate_id, version, company_id)
    ON CONFLICT (model_name, aggregate_id) DO UPDATE
       SET version = event_stream.version + EXCLUDED.version,
           write_uid = EXCLUDED.write_uid,
           write_date = EXCLUDED.write_date
    RETURNING model_name, aggregate_id, version, company_id
"""


class EventStream(models.Model):
    """One head row per aggregate: the version of its last event.

    Locking a head is how two writers of one aggregate meet; writers of different
    aggregates never do.
    """

    _name = "event.stream"
    _description = "Event Stream"
    _order = "write_date desc, id desc"
    _rec_name = "aggregate_id"

    model_name = fields.Char(string="Aggregate Type", required=True, readonly=True)
    aggregate_id = fields.Char(required=True, readonly=True)
    version = fields.Integer(
        required=True,
        readonly=True,
        **NO_SUM,
        help="Version of the last event of this stream.",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")

    def init(self):
        # Half-empty pages keep the updates of a head on its page (HOT).
        self.env.cr.execute("ALTER TABLE event_stream SET (fillfactor = 70)")
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_stream_aggregate_uniq"
            " ON event_stream (model_name, aggregate_id)"
        )

    @api.model
    def _advance(self, counts):
        """Lock the heads of a batch and move each forward, in one statement.

        Keys are sorted, so that two batches never deadlock. A concurrent writer of
        the same aggregate gets a serialization failure, which Odoo retries.

        :param dict counts: ``{(model_name, aggregate_id): (events, company_id)}``
        :return: ``{(model_name, aggregate_id): (version, company_id)}`` after the move
        """
        keys = sorted(counts)
        self.env.cr.execute(
            ADVANCE,
            {
                "uid": self.env.uid,
                "now": fields.Datetime.now(),
                "models": [key[0] for key in keys],
                "aggregates": [key[1] for key in keys],
                "versions": [counts[key][0] for key in keys],
                "companies": [counts[key][1] for key in keys],
            },
        )
        heads = {row[:2]: row[2:] for row in self.env.cr.fetchall()}
        self.invalidate_model(["version"], flush=False)
        return heads

    @api.model_create_multi
    def create(self, vals_list):
        raise self._refusal()

    def write(self, vals):
        raise self._refusal()

    def unlink(self):
        raise self._refusal()

    def _refusal(self):
        return UserError(
            _(
                "Streams follow their events by themselves and cannot be changed by hand;"
                " record a further event instead."
            )
        )
