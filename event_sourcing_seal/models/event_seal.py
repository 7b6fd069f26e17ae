import logging

from psycopg2 import errors

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, format_datetime
from odoo.tools.misc import formatLang

from odoo.addons.event_sourcing_base.compat import asks_for_true
from odoo.addons.event_sourcing_base.fields import NO_SUM
from odoo.addons.event_sourcing_base.page_size import FIRST_PAGE, next_page

from ..event_hash import ENTRY, row_digest, seal_digest

_logger = logging.getLogger(__name__)

SEAL_IDS = 10_000
MAX_PAGE = 2000  # events
LATE_HOURS = 1  # a range that waits longer needs somebody
# Columns of a row as the digest takes them: as PostgreSQL writes them into a dump.
ROW = """
    SELECT id, model_name, aggregate_id, version, event_type, payload, timestamp::text,
           timezone, event_uuid, correlation_id, causation_id, schema_version, outcome, error_class,
           error_message, content_hash, create_uid, create_date::text, company_id,
           failed_event_id, retry_of_id, attempt_uuid, tx::text AS tx,
           origin
      FROM event_store WHERE id BETWEEN %s AND %s ORDER BY id
"""


class EventSeal(models.Model):
    """A range of events whose hashes are chained to those of the ranges before.

    A range is noted first, and sealed once every transaction that could still write into
    it is over. Appends neither wait nor are waited for.
    """

    _name = "event.seal"
    _inherit = ["access.first.mixin", "engine.written.mixin"]
    _description = "Seal over Events"
    _order = "id desc"
    _rec_name = "digest"
    _holds_history = True

    from_id = fields.Integer(string="From Event", required=True, readonly=True, **NO_SUM)
    to_id = fields.Integer(string="To Event", required=True, readonly=True, **NO_SUM)
    count = fields.Integer(string="Events", readonly=True)
    digest = fields.Char(readonly=True)
    previous_digest = fields.Char(readonly=True)
    state = fields.Selection(
        [("waiting", "Waiting"), ("sealed", "Sealed")],
        required=True,
        readonly=True,
        help="Waiting: a transaction that may still write into the range is not over yet.",
    )
    horizon = fields.Char(
        readonly=True, help="Number of the transaction before which all must be over."
    )
    sealed_on = fields.Datetime(readonly=True)
    is_known = fields.Boolean(
        compute="_compute_is_known",
        search="_search_is_known",
        help="Whether the reader may learn figures of the whole store, of all companies.",
    )

    @api.depends_context("uid")
    def _compute_is_known(self):
        self.is_known = self.env["event.job"]._knows_all()

    @api.model
    def _search_is_known(self, operator, value):
        found = asks_for_true(operator, value) == self.env["event.job"]._knows_all()
        return [("id", "!=" if found else "=", False)]

    @api.model
    def _history_loss(self):
        """Return in a sentence what goes with this table; see ``module_uninstall``."""
        count = self.sudo().search_count([("state", "=", "sealed")])
        if not count:
            return ""
        return _(
            "All seals are destroyed (%(count)s): what they proved about the events so far cannot"
            " be proved any more.",
            count=formatLang(self.env, count, digits=0),
        )

    def init(self):
        """Create the manifest, which the ORM never reads, and make seals unchangeable."""
        self.env.cr.execute(
            """
            ALTER TABLE event_seal ADD COLUMN IF NOT EXISTS manifest bytea;
            -- Two processes that note the same range: the second one fails.
            CREATE UNIQUE INDEX IF NOT EXISTS event_seal_from_id_uniq ON event_seal (from_id);

            CREATE OR REPLACE FUNCTION event_seal_refuse_change() RETURNS trigger AS $$
            BEGIN
                IF TG_OP = 'UPDATE' AND OLD.state = 'waiting' THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'Seals are never changed or deleted: % on event_seal refused.',
                    TG_OP USING ERRCODE = 'restrict_violation';
            END
            $$ LANGUAGE plpgsql;

            CREATE OR REPLACE TRIGGER event_seal_final
                BEFORE UPDATE OR DELETE ON event_seal
                FOR EACH ROW EXECUTE FUNCTION event_seal_refuse_change();
            CREATE OR REPLACE TRIGGER event_seal_no_truncate
                BEFORE TRUNCATE ON event_seal
                FOR EACH STATEMENT EXECUTE FUNCTION event_seal_refuse_change();
            ALTER TABLE event_seal ENABLE ALWAYS TRIGGER event_seal_final;
            ALTER TABLE event_seal ENABLE ALWAYS TRIGGER event_seal_no_truncate;
            """
        )

    # ------------------------------------------------------------------
    # Sealing
    # ------------------------------------------------------------------

    @api.model
    def _seal_all(self):
        """Seal what is ready, and note what was written since; the scheduler's way in."""
        with self._own_cursor() as seals:
            late = seals._late()
        with self._own_cursor() as seals:
            seals._note_range()
        while True:
            with self._own_cursor() as seals:
                if not seals._seal_next():
                    break
        with self._own_cursor() as seals:
            if seals.search_count([("state", "=", "waiting")], limit=1):
                # Some transaction was open, if only the scheduler's: soon again.
                soon = fields.Datetime.add(fields.Datetime.now(), minutes=1)
                self.env.ref("event_sourcing_seal.event_seal_cron").with_env(seals.env)._trigger(
                    soon
                )
        with self._own_cursor() as seals:
            seals._update_late_alert(bool(late))

    @api.model
    def _late(self):
        """Return the first range that has waited too long, or an empty record."""
        before = fields.Datetime.subtract(fields.Datetime.now(), hours=LATE_HOURS)
        waiting = [("state", "=", "waiting"), ("create_date", "<", before)]
        return self.search(waiting, order="id", limit=1)

    @api.model
    def _update_late_alert(self, was_late):
        """Raise the alert that sealing is held up, or clear it.

        :param bool was_late: whether it was when this run began
        """
        alert, late = self.env["event.alert"], self._late()
        if late:
            since = late.create_date
            alert._raise_alert(
                "sealing",
                *alert._where_to_look(),
                lambda env: env["event.seal"]._late_message(since),
            )
        elif was_late:
            alert._clear_alert("sealing")

    @api.model
    def _late_message(self, since):
        return _(
            "Events have waited since %(moment)s to be sealed: ask your database administrator"
            " which transaction has been open since then, and verify the seals.",
            moment=format_datetime(self.env, since),
        )

    @api.model
    def _own_cursor(self):
        return self.env["event.job"]._own_cursor_of(self)

    @api.model
    def _note_range(self):
        """Note the ids given out since the last range, for a later seal.

        The order matters: first the last id, then a number of a transaction. Whoever has
        an id up to that one had a lower number by then: an append gets its number with
        the head of its stream, before its event gets an id.
        """
        if not self._try_lock():
            return
        self.env.cr.execute("SELECT last_value, is_called FROM event_store_id_seq")
        last, called = self.env.cr.fetchone()
        self.env.cr.execute("SELECT pg_current_xact_id()::text")
        (horizon,) = self.env.cr.fetchone()
        # In a restored database numbers of transactions begin anew.
        self.env.cr.execute(
            "UPDATE event_seal SET horizon = %s"
            " WHERE state = 'waiting' AND horizon::xid8 > %s::xid8",
            [horizon, horizon],
        )
        self.env.cr.execute("SELECT coalesce(max(to_id), 0) FROM event_seal")
        first = self.env.cr.fetchone()[0] + 1
        while called and first <= last:
            to_id = min(first + SEAL_IDS - 1, last)
            self.env.cr.execute(
                SQL(
                    "INSERT INTO event_seal (from_id, to_id, state, horizon, create_uid,"
                    " create_date) VALUES (%s, %s, 'waiting', %s, %s, now() AT TIME ZONE 'UTC')",
                    first,
                    to_id,
                    horizon,
                    self.env.uid,
                )
            )
            first = to_id + 1
        self.invalidate_model(flush=False)

    @api.model
    def _seal_next(self):
        """Seal the next range if it is final; return whether there may be more."""
        if not self._try_lock():
            return False
        self.env.cr.execute(
            "SELECT id FROM event_seal WHERE state = 'waiting'"
            " AND horizon::xid8 <= pg_snapshot_xmin(pg_current_snapshot()) ORDER BY id LIMIT 1"
        )
        row = self.env.cr.fetchone()
        seal = self.browse(row and row[0])
        before = self.search([("id", "<", seal.id)], limit=1) if row else self
        if not row or before.state == "waiting":
            return False
        entries, horizon = [], int(seal.horizon)
        coming = seal._coming_number()
        for vals in seal._read_rows():
            entries.append(ENTRY.pack(vals["id"], row_digest(vals)))
            if vals["tx"] is not None and int(vals["tx"]) >= coming:
                # Of the cluster that this database was restored from: over for long.
                horizon = max(horizon, int(vals["tx"]) + 1)
        manifest, previous = b"".join(entries), before.digest or ""
        self.env.cr.execute(
            SQL(
                "UPDATE event_seal SET state = 'sealed', sealed_on = now() AT TIME ZONE 'UTC',"
                " horizon = %s, count = %s, previous_digest = %s, digest = %s, manifest = %s"
                " WHERE id = %s",
                str(horizon),
                len(entries),
                previous,
                seal_digest(previous, seal.from_id, seal.to_id, manifest),
                manifest,
                seal.id,
            )
        )
        self.invalidate_model(flush=False)
        return True

    @api.model
    def _coming_number(self):
        """Return a number that no transaction which this one sees has, of this cluster."""
        self.env.cr.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text")
        return int(self.env.cr.fetchone()[0])

    @api.model
    def _try_lock(self):
        """Take sealing for this transaction; return whether nobody else has it.

        By a lock that only the owner of the table can take: any user of the database could
        hold an advisory one, and nothing would ever be sealed. It stops no reader, and it
        gives the transaction no number, which :meth:`_note_range` draws in its own time.
        """
        lock = "LOCK TABLE event_seal IN SHARE UPDATE EXCLUSIVE MODE NOWAIT"
        try:
            with self.env.cr.savepoint(flush=False):
                self.env.cr.execute(lock, log_exceptions=False)
        except errors.LockNotAvailable:
            _logger.warning(
                "Nothing is sealed this time: event_seal is locked by another run, or by"
                " maintenance of the table."
            )
            return False
        return True

    def _read_rows(self, from_id=None):
        """Yield the stored events of the range as dicts, by id, a page in memory at a time."""
        first, page = self.from_id if from_id is None else from_id, FIRST_PAGE
        while True:
            self.env.cr.execute(f"{ROW} LIMIT %s", [first, self.to_id, page])
            rows = self.env.cr.dictfetchall()
            yield from rows
            if len(rows) < page:
                break
            first = rows[-1]["id"] + 1
            page = next_page(page, sum(len(str(row["payload"])) for row in rows), MAX_PAGE)

    # ------------------------------------------------------------------
    # Seals are not changed by hand
    # ------------------------------------------------------------------

    @api.model
    def _refusal(self):
        return UserError(_("Seals are made by the scheduler alone and never changed."))
