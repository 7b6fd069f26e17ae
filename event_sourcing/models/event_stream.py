import json
from typing import NamedTuple

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from ..fields import NO_SUM
from ..functions import ensure_function

BEGIN = "event_stream_begin"
KEYS = (
    "json_to_recordset(keys)"
    " AS key (model_name varchar, aggregate_id varchar, add int, company_id int)"
)
BEGUN = (
    "TABLE (model_name varchar, aggregate_id varchar, version int, company_id int, ids int[],"
    " state jsonb, sources int[])"
)


class Head(NamedTuple):
    """The head of a stream after its version was advanced, and what is known beside it.

    :ivar int version: of its last event
    :ivar int company_id: whose it is
    :ivar list ids: for its new events, in any order
    :ivar state: the stored state as the database gives it back, None where there is none
    :ivar sources: ids of the business records whose stream it is, or None
    """

    version: int
    company_id: int
    ids: list
    state: dict | None = None
    sources: list | None = None


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
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS event_stream_aggregate_uniq"
            " ON event_stream (model_name, aggregate_id)"
        )
        self._ensure_begin(BEGIN)

    def _register_hook(self):
        super()._register_hook()
        self._ensure_begin(BEGIN)

    @api.model
    def _ensure_begin(self, name, state="NULL::jsonb", sources="NULL::int[]"):
        """Let the database have a function that begins an append to streams of one type.

        It locks the heads, in the order in which it is given their keys, moves each forward,
        and only then reads: what it gives is what the writer before has left.

        :param str state: SQL of the stored state of the aggregate of ``head``
        :param str sources: SQL of the ids of its business records
        """
        ensure_function(
            self.env.cr,
            name,
            "keys json, uid int, moment timestamp",
            BEGUN,
            f"""
            INSERT INTO event_stream (
                model_name, aggregate_id, version, company_id,
                create_uid, create_date, write_uid, write_date)
            SELECT key.model_name, key.aggregate_id, key.add, key.company_id,
                   uid, moment, uid, moment
              FROM {KEYS}
                ON CONFLICT (model_name, aggregate_id) DO UPDATE
               SET version = event_stream.version + EXCLUDED.version,
                   write_uid = EXCLUDED.write_uid, write_date = EXCLUDED.write_date;
            RETURN QUERY
            SELECT head.model_name, head.aggregate_id, head.version, head.company_id,
                   (SELECT array_agg(nextval('event_store_id_seq')::int)
                      FROM generate_series(1, key.add)),
                   {state}, {sources}
              FROM {KEYS}
              JOIN event_stream AS head
                ON head.model_name = key.model_name AND head.aggregate_id = key.aggregate_id;
            """,
        )

    @api.model
    def _advance(self, step, counts, functions):
        """Lock the heads of a batch and move each forward; the first statement of an append.

        Keys are sorted, so that two batches never deadlock. A concurrent writer of
        the same aggregate gets a serialization failure, which Odoo retries.

        :param Step step: all of the append
        :param dict counts: ``{(model_name, aggregate_id): (events, company_id)}``
        :param dict functions: ``{model_name: the database's function that begins an append}``,
            where it is not the one that reads heads alone
        :return: ``{(model_name, aggregate_id): Head}`` after the move
        """
        keys, calls, params = {}, [], []
        for (model_name, aggregate_id), (count, company_id) in sorted(counts.items()):
            keys.setdefault(model_name, []).append(
                {
                    "model_name": model_name,
                    "aggregate_id": aggregate_id,
                    "add": count,
                    "company_id": company_id,
                }
            )
        for model_name, rows in keys.items():
            function = functions.get(model_name, BEGIN)
            calls.append(f'SELECT * FROM "{function}"(%s, %s, %s)')
            params += [json.dumps(rows), self.env.uid, fields.Datetime.now()]
        step.execute(" UNION ALL ".join(calls), params)
        heads = {row[:2]: Head(*row[2:]) for row in self.env.cr.fetchall()}
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
