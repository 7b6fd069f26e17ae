import json
from typing import NamedTuple

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.fields import NO_SUM
from odoo.addons.event_sourcing_base.sql_functions import ensure_function

BEGIN = "event_stream_begin"
LOCK = "event_stream_lock"
KEYS = (
    "json_to_recordset(keys)"
    " AS key (company_id int, model_name varchar, aggregate_id varchar, add int)"
)
BEGUN = (
    "TABLE (company_id int, model_name varchar, aggregate_id varchar, version int,"
    " unapplied int, ids int[], state jsonb, stale boolean, sources int[])"
)


def put_heads(add, *changed):
    """Return the statement that locks the heads of ``KEYS``, and makes those that are missing.

    :param str add: SQL of how many versions each moves forward
    :param changed: columns that are written where a head was there
    """
    values = {name: f"EXCLUDED.{name}" for name in changed}
    if "version" in values:
        values["version"] = "event_stream.version + EXCLUDED.version"
    changes = ", ".join(f"{name} = {value}" for name, value in values.items())
    return f"""
            INSERT INTO event_stream (
                company_id, model_name, aggregate_id, version, unapplied,
                create_uid, create_date, write_uid, write_date)
            SELECT key.company_id, key.model_name, key.aggregate_id, {add}, 0,
                   uid, moment, uid, moment
              FROM {KEYS}
                ON CONFLICT (company_id, model_name, aggregate_id) DO UPDATE
               SET {changes};"""


class StreamHead(NamedTuple):
    """The head of a stream after its version was advanced, and what is known beside it.

    :ivar int version: of its last event
    :ivar int unapplied: as stored, how many of the events before the new ones come after the
        last applied one
    :ivar list ids: for its new events, in any order
    :ivar state: the stored state as the database gives it back; None where there is none, or
        where it is not to be trusted
    :ivar bool stale: whether the stored state is missing, or not the one of the last applied
        event by the rules of today: the events must be folded anew
    :ivar sources: ids of the business records whose stream it is, or None
    :ivar problem: why the events cannot be folded anew, None where they need not or can
    :ivar healed: version of the last applied event as a fold has shown, None without one
    """

    version: int
    unapplied: int
    ids: list
    state: dict | None = None
    stale: bool = False
    sources: list | None = None
    problem: Exception | None = None
    healed: int | None = None

    @property
    def applied(self):
        """Version of the last event that was applied before the new ones, 0 for none."""
        if self.healed is not None:
            return self.healed
        return self.version - len(self.ids) - self.unapplied


class EventStream(models.Model):
    """One head row per stream (company, aggregate type, aggregate): the version of its last event.

    Locking a head is how two writers of one aggregate meet; writers of different
    aggregates never do.
    """

    _name = "event.stream"
    _inherit = ["aggregate.label.mixin", "engine.written.mixin"]
    _description = "History of a Record"
    _holds_history = True
    _order = "write_date desc, id desc"
    _rec_name = "aggregate_id"
    _export_text_as_text = True

    model_name = fields.Char(string="Technical Record Type", required=True, readonly=True)
    aggregate_id = fields.Char(string="Record", required=True, readonly=True)
    version = fields.Integer(
        required=True,
        readonly=True,
        **NO_SUM,
        help="Version of the last event of this history.",
    )
    unapplied = fields.Integer(
        readonly=True,
        **NO_SUM,
        help="How many events come after the last one that was applied: they were rejected or"
        " failed. By it an append knows whether a snapshot is of the last applied event.",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="restrict")

    def init(self):
        self.env.cr.execute(
            """
            CREATE UNIQUE INDEX IF NOT EXISTS event_stream_aggregate_uniq
                ON event_stream (company_id, model_name, aggregate_id);
            CREATE INDEX IF NOT EXISTS event_stream_aggregate_index
                ON event_stream (model_name, aggregate_id);
            """
        )
        self._ensure_functions()

    def _register_hook(self):
        super()._register_hook()
        self._ensure_functions()

    @api.model
    def _of_key(self, model_name, key):
        """Return what names a stream in a row; ``key`` is ``(company id, aggregate id)``."""
        return {"model_name": model_name, "company_id": key[0], "aggregate_id": key[1]}

    @api.model
    def _ensure_functions(self):
        self._ensure_begin(BEGIN)
        ensure_function(
            self.env.cr,
            LOCK,
            "keys json, uid int, moment timestamp",
            BEGUN,
            f"""
            {put_heads("0", "write_uid")}
            """,
        )

    @api.model
    def _ensure_begin(self, name, snapshots=None, sources="NULL::int[]"):
        """Create a SQL function that begins an append to streams of one type.

        It locks the heads, in the order in which it is given their keys, moves each forward,
        and only then reads: what it gives is what the writer before has left. Ids are drawn
        under these locks, so that in every stream they rise with the versions.

        :param str snapshots: SQL name of the table with the stored states
        :param str sources: SQL of the ids of the business records of ``head``
        """
        state, stale, stored = "NULL::jsonb", "false", ""
        if snapshots:
            applied = "head.version - key.add - coalesce(head.unapplied, 0)"
            trusted = (
                f"CASE WHEN stored.id IS NULL THEN {applied} = 0"
                f" ELSE stored.version = {applied} AND stored.rules IS NOT DISTINCT FROM $2 END"
            )
            state = f"CASE WHEN {trusted} THEN stored.state END"
            stale = f"({trusted}) IS NOT TRUE"
            stored = f"""
              LEFT JOIN {snapshots} AS stored
                ON stored.company_id = head.company_id AND stored.model_name = head.model_name
               AND stored.aggregate_id = head.aggregate_id"""
        ensure_function(
            self.env.cr,
            name,
            "keys json, rules varchar, uid int, moment timestamp",
            BEGUN,
            f"""
            {put_heads("key.add", "version", "write_uid", "write_date")}
            RETURN QUERY
            SELECT head.company_id, head.model_name, head.aggregate_id, head.version,
                   coalesce(head.unapplied, 0),
                   (SELECT array_agg(nextval('event_store_id_seq')::int)
                      FROM generate_series(1, key.add)),
                   {state}, {stale}, {sources}
              FROM {KEYS}
              JOIN event_stream AS head
                ON head.company_id = key.company_id AND head.model_name = key.model_name
               AND head.aggregate_id = key.aggregate_id{stored};
            """,
        )

    @api.model
    def _advance(self, step, counts, functions, further=None):
        """Lock the heads of a batch and move each forward; the first statement of an append.

        Keys are sorted, so that two batches never deadlock. All heads are locked before the
        first id is drawn, whatever their types. A concurrent writer of the same stream gets a
        serialization failure, which Odoo retries.

        :param LazySavepoint step: all of the append
        :param dict counts: ``{(company id, model_name, aggregate_id): number of events}``
        :param dict functions: ``{model_name: (the database's function that begins an append,
            digest of the rules of today)}``, where it is not the one that reads heads alone
        :param further: ``(statement, parameters)`` of what is locked after the heads; it gives
            rows of the same columns, without ids, and one of ids that were drawn after that
        :return: ``({(company id, model_name, aggregate_id): StreamHead}`` after the move, rows
            of the further statement``)``
        """
        registry, keys = self.env["snapshot.handler.registry"], {}
        for (company_id, model_name, aggregate_id), count in sorted(counts.items()):
            keys.setdefault(model_name, []).append(
                {
                    "company_id": company_id,
                    "model_name": model_name,
                    "aggregate_id": aggregate_id,
                    "add": count,
                }
            )
        for model_name in sorted(keys):
            names = registry._stream_names(model_name)
            if len(names) > 1:
                step.begin()
                self._rename_heads(names, [row["aggregate_id"] for row in keys[model_name]])
        stamps = [self.env.uid, fields.Datetime.now()]
        calls, params = [], []
        if len(keys) > 1:
            every = sorted(
                (row for rows in keys.values() for row in rows),
                key=lambda row: (row["company_id"], row["model_name"], row["aggregate_id"]),
            )
            calls.append(f'SELECT * FROM "{LOCK}"(%s, %s, %s)')
            params += [json.dumps(every), *stamps]
        for model_name, rows in keys.items():
            function, rules = functions.get(model_name, (BEGIN, None))
            calls.append(f'SELECT * FROM "{function}"(%s, %s, %s, %s)')
            params += [json.dumps(rows), rules, *stamps]
        if further:
            calls.append(further[0])
            params += further[1]
        step.execute(" UNION ALL ".join(calls), params)
        rows = self.env.cr.fetchall()
        heads = {row[:3]: StreamHead(*row[3:]) for row in rows if row[5] and row[2] is not None}
        later = iter([event_id for row in rows if row[2] is None for event_id in row[5]])
        if further:
            heads = {k: h._replace(ids=[next(later) for _id in h.ids]) for k, h in heads.items()}
        self.invalidate_model(["version", "unapplied"], flush=False)
        return heads, [row for row in rows if row[5] is None]

    @api.model
    def _applied_statement(self, heads, applied):
        """Return the statement that notes which event of each stream was applied last.

        Where all went well there is nothing to note.

        :param dict heads: ``{(company id, model_name, aggregate_id): StreamHead}``
        :param dict applied: ``{(company id, model_name, aggregate_id): version}``, 0 for none
        :return: ``[(statement, parameters)]``, empty where nothing has changed
        """
        rows = [
            (*key, heads[key].version - version)
            for key, version in applied.items()
            if heads[key].version - version != heads[key].unapplied
        ]
        if not rows:
            return []
        statement = """
            UPDATE event_stream AS head SET unapplied = row.unapplied
              FROM unnest(%s::int[], %s::text[], %s::text[], %s::int[])
                   AS row (company_id, model_name, aggregate_id, unapplied)
             WHERE head.company_id = row.company_id AND head.model_name = row.model_name
               AND head.aggregate_id = row.aggregate_id"""
        return [(statement, list(map(list, zip(*sorted(rows), strict=True))))]

    def _refusal(self):
        return UserError(
            _(
                "Histories follow their events by themselves and cannot be changed by hand; record"
                " a further event instead."
            )
        )

    def action_open_events(self):
        """Open the events of the stream."""
        self.ensure_one()
        events = self.env["event.store"]
        return events._open_stream(self.model_name, self.company_id.id, self.aggregate_id)

    # ------------------------------------------------------------------
    # A renamed aggregate type goes on under today's name. An update of the addon renames all
    # streams at once; an append renames its own, so that versions continue also where Odoo was
    # restarted without an update: the index of the events cannot see that two names are one.
    # ------------------------------------------------------------------

    @api.model
    def _rename_heads(self, names, aggregate_ids=None):
        """Rename stream heads and snapshots; events stay as they were written.

        :param list names: today's name of the aggregate type, then its former ones
        :param list aggregate_ids: only these, or None for all
        :raise UserError: when an aggregate has streams under several names
        """
        model_name, *former = names
        if not former:
            return
        chosen = SQL("%s OR aggregate_id = ANY(%s)", aggregate_ids is None, aggregate_ids or [])
        self.env.cr.execute(
            SQL(
                "SELECT min(aggregate_id) FILTER (WHERE heads > 1), count(*) FROM ("
                " SELECT aggregate_id, count(*) AS heads FROM event_stream"
                " WHERE model_name = ANY(%s) AND (%s) GROUP BY company_id, aggregate_id"
                " HAVING count(*) > 1 OR min(model_name) <> %s) AS stream",
                names,
                chosen,
                model_name,
            )
        )
        double, count = self.env.cr.fetchone()
        if double:
            raise self._alias_conflict(double, names)
        if not count:
            return
        renamed = [self]
        handler = self.env["event.store"]._find_handler(model_name)
        if isinstance(handler, self.env.registry["snapshot.handler"]):
            renamed.append(self.env[handler._snapshot_model])
        for model in renamed:
            table = SQL.identifier(model._table)
            self.env.cr.execute(
                SQL(
                    "UPDATE %s AS old SET model_name = %s WHERE model_name = ANY(%s) AND (%s)"
                    " AND NOT EXISTS (SELECT FROM %s AS new WHERE new.model_name = %s"
                    " AND new.company_id = old.company_id"
                    " AND new.aggregate_id = old.aggregate_id)",
                    table,
                    model_name,
                    former,
                    chosen,
                    table,
                    model_name,
                )
            )
            model.invalidate_model(["model_name"], flush=False)

    @api.model
    def _alias_conflict(self, aggregate_id, names):
        """Return the refusal of an aggregate that has streams under several names."""
        return UserError(
            _(
                "%(aggregate)s has events as %(new)s and as %(old)s, which are to become"
                " one; give one of the two another id.",
                aggregate=aggregate_id,
                new=names[0],
                old=", ".join(names[1:]),
            )
        )
