from collections import Counter
from difflib import get_close_matches

from odoo import _, api, fields, models

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES

# So many aggregate types are named; the others are counted together, as "".
MAX_NAMED = 20


class EventImportUnhandled(models.Model):
    """Which events of a file no handler of this database folds.

    They are stored all the same: a history may be kept for its own sake. But a slip in an
    aggregate type looks just like that, and nobody looks at such a stream.
    """

    _inherit = "event.job"

    unhandled_text = fields.Text(
        string="Events without a Handler",
        compute="_compute_unhandled_text",
        help="Which events of the file have no handler in this database.",
    )

    @api.depends("progress_data", "state", "dry_run")
    @api.depends_context("lang")
    def _compute_unhandled_text(self):
        for job in self:
            counts = Counter((job.progress_data or {}).get("unhandled") or {})
            others = counts.pop("", 0)
            told = [job._tell_unhandled(*found) for found in counts.most_common()]
            if others:
                told.append(
                    _(
                        "Events of other record types without a handler here: %(count)s.",
                        count=others,
                    )
                )
            job.unhandled_text = "\n".join(told)

    def _count_unhandled(self, items, refused):
        """Return a Counter of the events that no handler will fold, by aggregate type.

        :param list items: what a chunk has that is new
        :param set refused: lines that are not stored
        """
        # What is restored is folded only if it was applied when it was recorded.
        counts = Counter(
            item["vals"]["model_name"]
            for item in items
            if item["line"] not in refused
            and item["vals"]["event_type"] not in FAILURE_TYPES
            and item["vals"].get("outcome", "applied") == "applied"
        )
        find = self.env["event.store"]._find_handler
        return Counter({name: count for name, count in counts.items() if find(name) is None})

    @api.model
    def _add_unhandled(self, progress, found):
        """Add a Counter to what ``progress`` remembers."""
        counts = progress.setdefault("unhandled", {})
        for name, count in found.items():
            key = name if name in counts or len(counts) < MAX_NAMED else ""
            counts[key] = counts.get(key, 0) + count

    def _tell_unhandled(self, model_name, count):
        """Return in a sentence or two what becomes of the events of an aggregate type."""
        if count == 1:
            events = _("1 event of “%(aggregate)s”", aggregate=model_name)
        else:
            events = _("%(count)s events of “%(aggregate)s”", count=count, aggregate=model_name)
        if self.progress_data.get("export"):
            return _(
                "No handler here for %(events)s: stored without a snapshot. Install the addon that"
                " brings the handler, then rebuild.",
                events=events,
            )
        if self.state == "done" and not self.dry_run:
            told = _(
                "No handler here for %(events)s: stored without a snapshot, and not applied later."
                " Import again under the right record type; or with other UUIDs, once the addon is"
                " installed that brings the handler.",
                events=events,
            )
        else:
            told = _(
                "No handler here for %(events)s, which would be stored without a snapshot, and not"
                " be applied later. Correct the record type, or install the addon that brings the"
                " handler, before you import.",
                events=events,
            )
        meant = self._meant_type(model_name)
        if not meant:
            return told
        return _("%(told)s Did you mean “%(meant)s”?", told=told, meant=meant)

    @api.model
    def _meant_type(self, model_name):
        """Return the aggregate type that looks or sounds like this one, None where none does."""
        registry = self.env["snapshot.handler.registry"]
        names = registry._handler_names()
        known = {registry._aggregate_label(name).casefold(): name for name in names}
        known.update({name.casefold(): name for name in names})
        close = get_close_matches(model_name.casefold(), known, n=1)
        return known[close[0]] if close else None
