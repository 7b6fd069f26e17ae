import json
from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import (
    BEYOND_XML,
    canonical,
    normalise,
    xml_escaped,
)

from .event_document import MISSING

MAX_ROWS_PER_JOB = 10_000  # of a check, for each company; all are counted
# Kinds that no rebuild settles.
PROBLEMS = ("broken", "no_handler", "boundary_broken")
ORPHAN_LIMIT = 10_000


class EventDifference(models.Model):
    """One value of one aggregate that is not the same on two sides.

    A check compares what is stored with what the events say; a comparison, what was
    true at one moment with what was true at a later one.
    """

    _name = "event.snapshot.drift"
    _inherit = "aggregate.label.mixin"
    _description = "Difference of Snapshots"
    _order = "job_id desc, model_name, aggregate_id, id"
    _rec_name = "aggregate_id"
    _export_text_as_text = True

    job_id = fields.Many2one(
        "event.job", readonly=True, required=True, ondelete="cascade", index=True
    )
    model_name = fields.Char(string="Technical Record Type", readonly=True)
    aggregate_id = fields.Char(string="Record", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True, ondelete="cascade")
    kind = fields.Selection(
        [
            ("appeared", "New"),
            ("changed", "Changed"),
            ("vanished", "Ended"),
            ("differs", "Snapshot differs"),
            ("missing", "No snapshot stored"),
            ("extra", "Snapshot without events"),
            ("checkpoint", "Intermediate state differs"),
            ("broken", "Cannot be replayed"),
            ("no_handler", "No handler"),
            ("boundary_event", "Boundary counts other events"),
            ("boundary_state", "Boundary differs"),
            ("boundary_broken", "Boundary cannot be read"),
        ],
        readonly=True,
    )
    key = fields.Char(string="Technical Key", readonly=True)
    before_json = fields.Text(string="Before as JSON", readonly=True)
    after_json = fields.Text(string="After as JSON", readonly=True)
    message = fields.Text(readonly=True)
    label = fields.Char(string="What", compute="_compute_words", search="_search_words")
    before_value = fields.Char(string="Before", compute="_compute_words", search="_search_words")
    after_value = fields.Char(string="After", compute="_compute_words", search="_search_words")

    @api.depends("model_name", "key", "before_json", "after_json")
    @api.depends_context("lang", "tz")
    def _compute_words(self):
        documents = self.env["event.document"]
        for model_name, drifts in self.grouped("model_name").items():
            words = documents._labels(model_name)
            for drift in drifts:
                path = tuple((drift.key or "").split("."))
                drift.label = " › ".join(documents._step_label(step, words) for step in path)
                for side in ("before", "after"):
                    text = drift[f"{side}_json"]
                    value = documents._readable(path, json.loads(text), words) if text else ""
                    drift[f"{side}_value"] = value

    @api.model
    def _search_words(self, _operator, _value):
        # Without this, Odoo would quietly match every row.
        raise UserError(_("Search differences by their record or their technical key."))

    # ------------------------------------------------------------------
    # Finding
    # ------------------------------------------------------------------

    @api.model
    def _of_streams(self, model_name, folded):
        """Return what is stored otherwise than ``{key: [FoldResult]}``, as dicts."""
        handler = self.env["event.store"]._find_handler(model_name)
        snapshots = handler.env[handler._snapshot_model]
        rows = handler._rows_of_folds(fold for (fold,) in folded.values())
        empty = [key for key, (fold,) in folded.items() if fold.problem is None and not fold.last]
        found = self._of_problems(model_name, folded)
        texts = [text for _vals, text in rows]
        for vals, stored in snapshots._differences([vals for vals, _text in rows], texts):
            base = {
                "model_name": model_name,
                "aggregate_id": vals["aggregate_id"],
                "company_id": vals["company_id"],
            }
            if stored is None:
                found.append({**base, "kind": "missing", "message": _("No snapshot is stored.")})
            else:
                found += [{**base, **drift} for drift in self._of_row(snapshots, vals, stored)]
        return found + [
            self._extra(model_name, key) for key in snapshots._read_states(model_name, empty)
        ]

    @api.model
    def _of_row(self, snapshots, vals, stored):
        """Return a dict for each value of one row that is stored otherwise."""
        found = {}
        if "state" in stored:
            found = self._changed_keys(normalise(stored["state"] or {}), vals["state"])
        for name, value in stored.items():
            if name not in ("state", "rules"):  # of other rules, and yet the same, is no drift
                found.setdefault(
                    name, (value, self._as_json(snapshots._stored_as(name, vals[name])))
                )
        return [{"kind": "differs", **self._pair(key, *pair)} for key, pair in found.items()]

    @api.model
    def _changed_keys(self, before, after):
        """Return ``{key: (before, after)}`` for the values that differ between two states."""
        changed = self.env["event.document"]._changed(before, after)
        return {".".join(path): (old, new) for path, old, new in changed}

    @api.model
    def _pair(self, key, before, after):
        return {
            "key": BEYOND_XML.sub("\ufffd", key),
            "before_json": False if before is MISSING else xml_escaped(canonical(before)),
            "after_json": False if after is MISSING else xml_escaped(canonical(after)),
        }

    @api.model
    def _as_json(self, value):
        return value if value is None or isinstance(value, str | int | float | bool) else str(value)

    @api.model
    def _of_problems(self, model_name, folded):
        return [
            self._problem(model_name, key, self.env["event.store"]._problem_text(fold))
            for key, (fold,) in folded.items()
            if fold.problem is not None
        ]

    @api.model
    def _problem(self, model_name, key, message):
        return {
            **self.env["event.stream"]._of_key(model_name, key),
            "kind": "broken",
            "message": message,
        }

    @api.model
    def _extra(self, model_name, key):
        return {
            **self.env["event.stream"]._of_key(model_name, key),
            "kind": "extra",
            "message": _("A snapshot is stored, but no event accounts for it."),
        }

    @api.model
    def _of_orphans(self, model_names, companies=None):
        """Return a dict for each snapshot without a stream.

        :param list companies: only those of these companies, by their ids, or None for all
        """
        found = []
        for model_name in model_names:
            handler = self.env["event.store"]._find_handler(model_name)
            snapshots = handler.env[handler._snapshot_model]
            orphans = snapshots._orphans([model_name], ORPHAN_LIMIT, companies)
            found += [self._extra(*orphan) for orphan in orphans]
        return found

    @api.model
    def _of_missing_handlers(self, model_names, companies=None):
        """Return a dict for each aggregate type with streams that no handler folds.

        One for each company, too: how many they are is for its readers alone.
        """
        domain = [("model_name", "not in", model_names)]
        if companies is not None:
            domain.append(("company_id", "in", companies))
        streams = self.env["event.stream"].sudo()
        groups = streams._read_group(domain, ["model_name", "company_id"], ["__count"])
        return [
            {**self._of_missing_handler(model_name, count), "company_id": company.id}
            for model_name, company, count in groups
        ]

    @api.model
    def _of_missing_handler(self, model_name, count):
        registry = self.env["snapshot.handler.registry"]
        off = registry._switched_off(model_name)
        if off:
            return {"model_name": model_name, "kind": "no_handler", "message": off}
        today = registry._canonical_name(model_name)
        if today != model_name and today in registry._handler_names():
            return {
                "model_name": model_name,
                "kind": "no_handler",
                "message": _(
                    "Records still stored as %(former)s, which is called %(today)s now: %(count)s."
                    " Update the addon that renamed it, then check again.",
                    count=count,
                    former=model_name,
                    today=today,
                ),
            }
        return {
            "model_name": model_name,
            "kind": "no_handler",
            "message": _(
                "Records that cannot be replayed, because this database has no handler for"
                " %(aggregate)s: %(count)s. Install the addon that brings it.",
                count=count,
                aggregate=model_name,
            ),
        }

    @api.model
    def _record(self, job, found):
        """Keep what was found, up to a limit; return by how much the job's counts grow."""
        problems = sum(drift["kind"] in PROBLEMS for drift in found)
        rows = found
        if job.drift_count + job.problem_count + len(found) > MAX_ROWS_PER_JOB:
            # Rows of one company leave room for those of the others.
            groups = self._read_group([("job_id", "=", job.id)], ["company_id"], ["__count"])
            kept, rows = Counter({company.id: count for company, count in groups}), []
            for drift in found:
                company_id = drift.get("company_id") or False
                kept[company_id] += 1
                if kept[company_id] <= MAX_ROWS_PER_JOB:
                    rows.append(drift)
        self.create([{"job_id": job.id, **drift} for drift in rows])
        return {"drift_count": len(found) - problems, "problem_count": problems}
