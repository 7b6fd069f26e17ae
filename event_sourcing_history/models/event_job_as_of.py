from datetime import timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_datetime

from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_job.job_kind import JobKind
from odoo.addons.event_sourcing_job.models.event_document import MISSING
from odoo.addons.event_sourcing_job.models.event_job_run import SYNC_LIMIT

DIFFERENCES = "event_sourcing_history.event_snapshot_drift_view"


class EventJobAsOf(models.Model):
    """All aggregates of a type as of a moment, and two moments side by side."""

    _inherit = "event.job"

    kind = fields.Selection(
        selection_add=[("as_of", "As Of"), ("compare", "Comparison")],
        ondelete={"as_of": "cascade", "compare": "cascade"},
    )

    @api.model
    def _job_kinds(self):
        question = JobKind(private=True)
        return {**super()._job_kinds(), "as_of": question, "compare": question}

    @api.model
    def _companies_of_as_of(self):
        return self.env.user.company_ids

    @api.model
    def _companies_of_compare(self):
        return self.env.user.company_ids

    @api.model
    def _ask(self, kind, model_name, moment, date_from=False, options=None):
        """Return the action that shows ``as_of`` or ``compare``, or how far it is.

        :param str kind: ``as_of`` or ``compare``
        :param datetime moment: UTC
        :param datetime date_from: for a comparison, the earlier one
        :param dict options: what else was asked for, as an addon knows it
        :raise UserError: when no handler folds the aggregate type
        """
        self._check_may_run(kind)
        self.env["snapshot.handler.registry"]._check_can_fold(model_name)
        self.env["event.store"]._check_streams_whole(model_name, moment)
        job, _under_way = self._start(
            kind,
            model_name=model_name,
            moment=moment,
            date_from=date_from,
            **({"options": options} if options else {}),
        )
        own = job.sudo()
        if own.total <= SYNC_LIMIT:
            while own._write_chunk(own._read_chunk()):
                pass
            return job.action_open_result()
        return job._open()

    def action_open_result(self):
        """Open what was found: a list with typed columns, or the differences."""
        self.ensure_one()
        check_access(self, "read")
        action = {
            "type": "ir.actions.act_window",
            "name": self._result_name(),
            "context": {"create": False},
            "domain": [("job_id", "=", self.id)],
            "target": "current",
        }
        if self.kind == "as_of":
            views = [(False, "list"), (False, "form"), (False, "pivot")]
            help_text = _("Nothing found for this moment")
            return {
                **action,
                "res_model": self._as_of_rows()._name,
                "view_mode": "list,form,pivot",
                "views": views,
                "help": f'<p class="o_view_nocontent_smiling_face">{help_text}</p>',
            }
        help_text = _("No changes found between these two moments")
        return {
            **action,
            "res_model": "event.snapshot.drift",
            "view_mode": "list",
            "views": [(self.env.ref(f"{DIFFERENCES}_list").id, "list")],
            "search_view_id": [self.env.ref(f"{DIFFERENCES}_search").id],
            "context": {"create": False, "search_default_group_kind": 1},
            "help": f'<p class="o_view_nocontent_smiling_face">{help_text}</p>',
        }

    @api.model
    def _records_label(self, model_name):
        """Return what people call several records of an aggregate type."""
        registry = self.env["snapshot.handler.registry"]
        handler = registry._known_handler(model_name)
        plural = handler._records_label() if handler is not None else None
        return plural or registry._aggregate_label(model_name)

    def _result_name(self):
        label = self._records_label(self.model_name)
        moment = self._moment_text(self.moment)
        if self.kind == "as_of":
            return _("%(what)s as of %(moment)s", what=label, moment=moment)
        before = self._moment_text(self.date_from)
        return _(
            "%(what)s: %(before)s compared with %(moment)s",
            what=label,
            before=before,
            moment=moment,
        )

    def _export_about(self):
        """Return what the result of one job is called in a file, and of which moments it is."""
        self.ensure_one()
        label = self._records_label(self.model_name)
        return label, [moment for moment in (self.date_from, self.moment) if moment]

    def _moment_text(self, moment):
        """Return a moment in words: the last second of a day is that day's end."""
        zone = self.env["event.store"]._user_zone()
        local = moment.replace(tzinfo=timezone.utc).astimezone(zone)
        if (local.hour, local.minute, local.second) == (23, 59, 59):
            return _(
                "end of %(day)s", day=format_date(self.env, local.date(), date_format="medium")
            )
        return format_datetime(self.env, moment, tz=self.env.context.get("tz"))

    def _as_of_rows(self):
        """Return the model that holds the rows of the aggregate type."""
        handler = self.env["event.store"]._find_handler(self.model_name)
        if handler is None:
            raise UserError(
                _(
                    "The events of %(aggregate)s cannot be replayed: this database has no handler"
                    " for them. Install the addon that brings it.",
                    aggregate=self.model_name,
                )
            )
        return self.env[handler._snapshot_model]._as_of_model()

    # ------------------------------------------------------------------
    # As of one moment
    # ------------------------------------------------------------------

    def _read_as_of(self):
        """Fold the next streams up to the moment."""
        return self._read_at((self.moment,))

    def _read_at(self, moments):
        return self._fold_next(self.position, moments=moments)

    def _write_as_of(self, chunk):
        differences = self.env["event.snapshot.drift"]
        counts = {"done": chunk["count"], "changed_count": 0, "problem_count": 0, "drift_count": 0}
        for model_name, folded in chunk["streams"].items():
            handler = self.env["event.store"]._find_handler(model_name)
            made = handler._rows_of_folds(fold for (fold,) in folded.values())
            rows = [vals for vals, _text in made]
            self._as_of_rows().sudo()._keep(self, rows)
            counts["changed_count"] += len(rows)
            problems = differences._of_problems(model_name, folded)
            for name, count in differences._record(self, problems).items():
                counts[name] += count
        return counts

    # ------------------------------------------------------------------
    # Two moments
    # ------------------------------------------------------------------

    def _read_compare(self):
        """Fold the next streams up to both moments."""
        return self._read_at((self.date_from, self.moment))

    def _write_compare(self, chunk):
        differences = self.env["event.snapshot.drift"]
        found, aggregates = [], 0
        for model_name, folded in chunk["streams"].items():
            some = []
            for key, (before, after) in folded.items():
                rows = self._compare(model_name, key, before, after)
                aggregates += bool(rows)
                some += rows
            found += differences._with_columns(model_name, some, folded)
        differences.create([{"job_id": self.id, **row} for row in found])
        return {"done": chunk["count"], "changed_count": aggregates}

    @api.model
    def _compare(self, model_name, key, before, after):
        """Return the rows about one stream between two folds, none where it is the same."""
        differences = self.env["event.snapshot.drift"]
        for fold in (before, after):
            if fold.problem is not None:
                text = self.env["event.store"]._problem_text(fold)
                return [differences._problem(model_name, key, text)]
        if after.last is None:
            return []
        ended = self.env["event.store"]._find_handler(model_name)._ended_statuses
        status = after.state.get("status")
        base = self.env["event.stream"]._of_key(model_name, key)
        if before.last is None:
            return [{**base, "kind": "appeared", **differences._pair("status", MISSING, status)}]
        changed = differences._changed_keys(before.state, after.state)
        vanished = status in ended and before.state.get("status") not in ended
        kind = "vanished" if vanished else "changed"
        return [
            {**base, "kind": kind, **differences._pair(key, *pair)} for key, pair in changed.items()
        ]
