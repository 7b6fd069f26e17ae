from odoo import api, fields, models, tools

from odoo.addons.event_sourcing_base.fields import NO_SUM
from odoo.addons.event_sourcing_base.from_code import FromCode, from_code

from .event_job import ACTIVE_STATES

# Enough that the last ones to end keep several processes busy, too.
SHARES = 16


class EventJobShare(models.Model):
    """A part of the streams of a job: one process folds it, while others fold the rest."""

    _name = "event.job.partition"
    _inherit = "access.first.mixin"
    _description = "Share of a Job"
    _order = "id"

    job_id = fields.Many2one("event.job", required=True, index=True, ondelete="cascade")
    position = fields.Integer(help="Id of the stream head behind which the next chunk begins.")
    until = fields.Integer(help="Id of its last stream head; 0 for no end.", **NO_SUM)
    ended = fields.Boolean()
    worker = fields.Char(help="Who works on it: a connection and when its transaction began.")
    deaths = fields.Integer(help="How many processes ended in its next chunk.", **NO_SUM)
    conflicts = fields.Integer(
        help="How many times in a row its next chunk met a conflict.", **NO_SUM
    )
    served_on = fields.Datetime()


class EventJobShared(models.Model):
    """Rebuilds and checks of many streams, by as many processes as there are for them.

    A fold is Python, of which one process does one at a time. Nobody is told which share to
    take: each takes the first that is free, and whoever dies frees its own.
    """

    _inherit = "event.job"

    # Streams from which on a job is divided.
    _divided_from = 5000

    partition_ids = fields.One2many(
        "event.job.partition", "job_id", string="Shares", groups="base.group_system"
    )

    def _split(self):
        """Give a new job its shares, where it is worth it: ranges of ids of stream heads."""
        self.ensure_one()
        folds = self._job_kinds()[self.kind].folds
        if not folds or self.aggregate_ids or self.total < self._divided_from:
            return
        self.env.cr.execute("SELECT min(id), max(id) FROM event_stream")
        first, last = self.env.cr.fetchone()
        width = -(-(last - first + 1) // SHARES)
        starts = range(first - 1, last, width)
        ends = [*starts[1:], 0]  # the last one has the streams that begin meanwhile, too
        self.env["event.job.partition"].sudo().create(
            [
                {"job_id": self.id, "position": start, "until": end}
                for start, end in zip(starts, ends, strict=True)
            ]
        )
        self.env.ref("event_sourcing_job.event_job_help_cron").sudo()._trigger()

    def _open_cursors(self):
        """Return the job for each of its shares that has not ended, or as it is."""
        with self._own_cursor() as job:
            shares = [share.id for share in job.partition_ids if not share.ended]
            divided = bool(job.partition_ids)
        meant = map(FromCode, shares if divided else [0])
        return [self.with_context(event_job_partition=share) for share in meant]

    def _cursor_record(self):
        """Return the record that says where the next chunk begins: the job, or its share."""
        meant = from_code(self.env, "event_job_partition")
        if not meant:
            return self
        # Never the share of another job.
        return self.sudo().partition_ids.filtered(lambda share: share.id == meant) or self

    def _is_open(self):
        """Whether there is work left: in the job, and in the share of it that is meant."""
        place = self._cursor_record()
        return self.state in ACTIVE_STATES and (place == self or not place.ended)

    def _ends_here(self, place):
        """Whether the end of a place is the end of the job; its row must be locked."""
        if place == self:
            return True
        place.ended = True
        place.flush_recordset()
        return not place.search_count([("job_id", "=", self.id), ("ended", "=", False)], limit=1)

    def _workers(self):
        """Return how many processes work on shares of the job at this moment."""
        workers = [share.worker for share in self.partition_ids if share.worker]
        return sum(map(self._is_alive, workers))

    @api.model
    def _run_parallel(self):
        """Work on shares beside :meth:`_run_waiting`; the scheduler's second way in.

        Only where the scheduler has processes: two threads would take turns, no more.
        """
        if tools.config["workers"] and self._work_on_waiting([("partition_ids.ended", "=", False)]):
            with self._own_cursor() as jobs:
                jobs.env.ref("event_sourcing_job.event_job_help_cron")._trigger()
