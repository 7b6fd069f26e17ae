import logging
import time
from contextlib import contextmanager

from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.db_errors import db_error_kind, is_infrastructure_error
from odoo.addons.event_sourcing_base.from_code import FromCode

from .event_job import ACTIVE_STATES

_logger = logging.getLogger(__name__)

CRON_SECONDS = 50
# So many times the process may end in the same place before the job is set aside.
MAX_DEATHS = 2
# So many times in a row a chunk may meet a conflict before the job is set aside, and before its
# turn is over: whoever is in its way has some minutes to end.
MAX_CONFLICTS = 10
CONFLICTS_A_TURN = 2
AGAIN = "again"
# So many aggregates or rows are looked at within one request, without a progress bar.
SYNC_LIMIT = 2000


class EventJobRun(models.Model):
    """Running jobs: by the scheduler, and by whoever watches one.

    A chunk is read in one transaction and written in the next; its position is stored
    with it. Whatever ends the process, the next one goes on with the next chunk.
    """

    _inherit = "event.job"

    @api.model
    def _run_waiting(self):
        """Work on what is under way; the scheduler's way in."""
        used_up = self._work_on_waiting([])
        with self._own_cursor() as jobs:
            if jobs.search_count(self._waiting_domain(), limit=1):
                # What others hold, or what waits for others, is not asked for all the time.
                later = None if used_up else fields.Datetime.add(fields.Datetime.now(), minutes=1)
                jobs.env.ref("event_sourcing_job.event_job_cron")._trigger(later)

    @api.model
    def _waiting_domain(self):
        """Return which jobs any process may go on with."""
        return [("state", "in", ACTIVE_STATES)]

    def _work(self, seconds):
        """Work on the job for about so long, in transactions of its own.

        Leaves alone what another process works on at this moment.

        :return: whether something was done
        """
        self.ensure_one()
        deadline, worked = time.monotonic() + seconds, False
        self.env.cr.execute("SELECT pg_backend_pid()")
        self = self.with_context(event_job_caller=FromCode(self.env.cr.fetchone()[0]))
        for job in self._open_cursors():
            if time.monotonic() >= deadline:
                break
            with job._try_lock() as alone:
                more = alone
                while more and time.monotonic() < deadline:
                    more = job._work_once()
                    worked = worked or isinstance(more, bool)  # else nothing came of it
        return worked

    @contextmanager
    def _try_lock(self):
        """Hold the job, or its share, for this process; give whether nobody else had it.

        Who works on it is noted in its row: a connection and when its transaction began.
        Whoever dies leaves the note of a transaction that is over, and is counted. An
        advisory lock could be taken, and kept, by any user of the database.
        """
        with self.env.registry.cursor() as cr:
            cr.execute("SELECT pg_backend_pid() || ' ' || now()::text")
            (worker,) = cr.fetchone()
            alone = self._claim(worker)
            try:
                yield alone
            finally:
                if alone:
                    self._release(worker)

    def _claim(self, worker):
        """Note who works on it, unless somebody does; return whether this one may work."""
        with self._own_cursor(read_committed=True) as job:
            place = job._cursor_record()
            job.env.cr.execute(
                SQL(
                    "SELECT worker, deaths FROM %s WHERE id = %s FOR UPDATE SKIP LOCKED",
                    SQL.identifier(place._table),
                    place.id,
                )
            )
            row = job.env.cr.fetchone()
            place.invalidate_recordset()
            if not row or (row[0] and job._is_alive(row[0])) or not job._is_open():
                return False
            deaths = (row[1] or 0) + bool(row[0])
            if deaths >= MAX_DEATHS:
                job._set_aside()
                return False
            place.write({"worker": worker, "deaths": deaths})
            return True

    def _release(self, worker):
        """Forget who worked on it: the process is alive, whatever came of the work."""
        try:
            with self._own_cursor(read_committed=True) as job:
                place = job._cursor_record()
                for record in {place, job}:  # turns are of the job, also where it is divided
                    job.env.cr.execute(
                        SQL(
                            "UPDATE %s SET served_on = clock_timestamp() AT TIME ZONE 'UTC'"
                            " WHERE id = %s",
                            SQL.identifier(record._table),
                            record.id,
                        )
                    )
                job.env.cr.execute(
                    SQL(
                        "UPDATE %s SET worker = NULL WHERE id = %s AND worker = %s",
                        SQL.identifier(place._table),
                        place.id,
                        worker,
                    )
                )
        except Exception as error:
            if not is_infrastructure_error(error):
                raise
            _logger.warning("Job %s is not free yet: %s", self.id, error)

    def _is_alive(self, worker):
        """Whether the transaction that somebody noted is still open."""
        pid, began = worker.split(" ", 1)
        self.env.cr.execute(
            "SELECT FROM pg_stat_activity WHERE pid = %s AND xact_start = %s::timestamptz"
            " AND datname = current_database()",
            [int(pid), began],
        )
        return bool(self.env.cr.rowcount)

    def _set_aside(self, message=None):
        """End a job that cannot go on, and tell the managers.

        :param str message: why; that its process ended again and again, by default
        """
        _logger.error("Job %s is set aside. %s", self.id, message or "Its process ended.")
        self._end(
            "failed",
            message
            or _(
                "The process that worked on this job ended %(count)s times in the same place:"
                " memory or time ran out, or it was stopped. The job was set aside, so that"
                " others go on. Ask your administrator what the log of the server says, and"
                " start it again with less.",
                count=MAX_DEATHS,
            ),
        )
        self.env["event.alert"]._raise_alert(
            self._alert_key(),
            "event.job.queue",
            self.id,
            lambda env: env["event.job"]._set_aside_text(),
            company=self.company_ids if len(self.company_ids) == 1 else None,
        )

    def _alert_key(self):
        return f"job:{(self.scope_key or str(self.id))[:32]}"

    def _set_aside_text(self):
        return _("A job could not go on and was set aside: look at it.")

    @contextmanager
    def _own_cursor(self, read_committed=False):
        """Give self in a transaction of its own, as whoever started it and with full rights.

        :param bool read_committed: so that rows locked late are seen as they are then;
            Odoo's transactions would end in a conflict instead
        """
        with self._own_cursor_of(self, read_committed) as job:
            own = job.with_user(job[:1].create_uid or job.env.user)
            # Odoo remembers it; reading the user would be two queries a chunk.
            lang = own.env["res.users"].context_get()["lang"]
            yield own.with_context(lang=lang).sudo()

    @contextmanager
    def _own_cursor_of(self, records, read_committed=False):
        """Give records in a transaction of its own, with full rights."""
        with self.env.registry.cursor() as cr:
            if read_committed:
                cr.execute("SET TRANSACTION ISOLATION LEVEL READ COMMITTED")
            cr.execute("SET LOCAL lock_timeout = '10s'")
            yield records.with_env(self.env(cr=cr, su=True))

    def _work_once(self):
        """Do one chunk; return whether there is more to do.

        :return: None or ``AGAIN`` where nothing was done, and it is not or is to be tried at once
        """
        began = time.monotonic()
        try:
            with self._own_cursor() as job:
                if not job._is_open():
                    return None
                chunk = job._read_chunk()
            while True:
                with self._own_cursor(read_committed=True) as job:
                    more = job._write_chunk(chunk, time.monotonic() - began)
                # What others held at that moment is waited for apart, not by the whole chunk.
                if not chunk.get("held"):
                    self._notice_slow(time.monotonic() - began)
                    return None if chunk.get("waits") else more
                chunk.update(streams=chunk.pop("held"), patient=True)
        except Exception as error:
            if is_infrastructure_error(error):
                _logger.info("Job %s tries its chunk again: %s", self.id, error)
                return self._count_trouble(error)
            _logger.exception("Job %s failed.", self.id)
            with self._own_cursor() as job:
                job._end("failed", self.env["event.store"]._error_text(error))
            return False

    def _notice_slow(self, seconds):
        """Say in the log which chunk takes longer than the scheduler gives to all jobs."""
        if seconds > CRON_SECONDS:
            _logger.warning(
                "A chunk of job %s (%s) took %d seconds; the scheduler gives %d to all.",
                self.id,
                self.kind,
                seconds,
                CRON_SECONDS,
            )

    def _count_trouble(self, error):
        """Count a chunk that PostgreSQL stopped; one that never succeeds must not hold others.

        :return: ``AGAIN`` to try it at once, after a first conflict. Else None, later: others
            are in its way, the database is in trouble, or the chunk is too large for it
        """
        kind = db_error_kind(error)
        if kind not in ("conflict", "canceled", "resources"):
            return None
        with self._own_cursor(read_committed=True) as job:
            place = job._cursor_record()
            if not job._is_open():
                return None
            if kind == "conflict":
                place.conflicts += 1
                if place.conflicts < MAX_CONFLICTS:
                    return AGAIN if place.conflicts % CONFLICTS_A_TURN else None
                job._set_aside(
                    _(
                        "This job met a conflict %(count)s times in the same place: others change"
                        " the same records all the time, or hold them. It was set aside; start it"
                        " again when less goes on.",
                        count=place.conflicts,
                    )
                )
                return None
            place.deaths += 1
            if place.deaths >= MAX_DEATHS:
                job._set_aside()
        return None

    def _read_chunk(self):
        """Return the next chunk of work, a dict with ``position``: None for no more."""
        return getattr(self, f"_read_{self.kind}")()

    def _write_chunk(self, chunk, seconds=0):
        """Store what came of a chunk, and where the next begins; return whether there is one.

        Sets ``held`` in the chunk to what must be tried again before that.
        """
        self.invalidate_recordset()
        place = self._cursor_record()
        if not self._lock(place):
            return False
        if chunk.get("waits"):
            self.message = chunk["waits"]
            return False
        counts = getattr(self, f"_write_{self.kind}")(chunk)
        held = chunk.get("held")
        self._count_up({**counts, "seconds": 0 if held else seconds})
        if held:
            return True
        if chunk["position"] is not None:
            place.write({"position": chunk["position"], "deaths": 0, "conflicts": 0})
            return True
        if self._ends_here(place):
            self._of_kind("finish")
            self._end("done")
            self.env["event.alert"]._clear_alert(self._alert_key())
            self._of_kind("update_alert")
        return False

    def _lock(self, place):
        """Lock where the next chunk begins; return whether there is still work."""
        self.env.cr.execute(
            SQL("SELECT FROM %s WHERE id = %s FOR UPDATE", SQL.identifier(place._table), place.id)
        )
        there = bool(self.env.cr.rowcount)
        place.invalidate_recordset()
        return there and self._is_open()

    def _count_up(self, counts):
        """Add to what the job counts, whoever else does: its row is locked from here on.

        :param dict counts: what to add, by field
        """
        self.flush_recordset()
        names = [SQL.identifier(name) for name in counts]
        sums = [
            SQL("%s = COALESCE(%s, 0) + %s", name, name, count)
            for name, count in zip(names, counts.values(), strict=True)
        ]
        self.env.cr.execute(
            SQL(
                "UPDATE event_job SET state = 'running', %s WHERE id = %s AND state IN %s",
                SQL(", ").join(sums),
                self.id,
                ACTIVE_STATES,
            )
        )
        self.invalidate_recordset()

    def _outcome_default(self, state, message):
        return state, message

    def _finish_default(self):
        """After the last chunk; a hook."""

    def _end(self, state, message=None):
        state, message = self._of_kind("outcome", state, message)
        said = {"message": message} if message else {}
        self.write({"state": state, "ended_on": fields.Datetime.now(), **said})
        self._of_kind("forget")
        if state == "failed":
            self._look_again()
