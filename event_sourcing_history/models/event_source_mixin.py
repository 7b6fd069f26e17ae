import operator

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.compat import check_access, several

COMPARE = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    # What Odoo 19 makes of the first two.
    "in": lambda count, numbers: count in numbers,
    "not in": lambda count, numbers: count not in numbers,
}


class EventSourceMixin(models.AbstractModel):
    """How much has happened to a business record, and the way to its history."""

    _inherit = "event.source.mixin"

    event_count = fields.Integer(compute="_compute_event_count", search="_search_event_count")
    rejected_event_count = fields.Integer(
        compute="_compute_event_count", search="_search_rejected_event_count"
    )
    failed_event_count = fields.Integer(
        compute="_compute_event_count", search="_search_failed_event_count"
    )

    def _compute_event_count(self):
        counts, keys = {}, self._stream_keys()
        for aggregate_id, company, outcome, count in (
            self.env["event.store"]
            .sudo()
            ._read_group(
                [
                    ("model_name", "in", self._stream_names()),
                    ("aggregate_id", "in", [reference for _company, reference in keys.values()]),
                    ("event_type", "not in", FAILURE_TYPES),
                ],
                ["aggregate_id", "company_id", "outcome"],
                ["__count"],
            )
        ):
            counts.setdefault((company.id, aggregate_id), {})[outcome] = count
        for record in self:
            own = counts.get(keys[record], {})
            record.event_count = sum(own.values())
            record.rejected_event_count = own.get("rejected", 0)
            record.failed_event_count = own.get("failed", 0)

    @api.model
    def _search_event_count(self, operator, value):
        return self._search_count(operator, value)

    @api.model
    def _search_rejected_event_count(self, operator, value):
        return self._search_count(operator, value, [("outcome", "=", "rejected")])

    @api.model
    def _search_failed_event_count(self, operator, value):
        return self._search_count(operator, value, [("outcome", "=", "failed")])

    @api.model
    def _search_count(self, operator, value, domain=()):
        """Return the domain of the records whose events of a kind are that many."""
        compare = COMPARE.get(operator)
        of_several = operator in ("in", "not in")
        numbers = list(value) if of_several and several(value) else [value]
        if compare is None or not all(type(number) is int for number in numbers):
            raise UserError(_("Compare the number of events with a whole number."))
        value = numbers if of_several else value
        groups = (
            self.env["event.store"]
            .sudo()
            ._read_group(
                [
                    ("model_name", "in", self._stream_names()),
                    ("event_type", "not in", FAILURE_TYPES),
                    *domain,
                ],
                ["company_id", "aggregate_id"],
                ["__count"],
            )
        )
        # Those without any such event are in no group.
        wanted = compare(0, value)
        keys = [
            (company.id, name) for company, name, count in groups if compare(count, value) != wanted
        ]
        ids = self._of_streams(keys).ids
        return [("id", "not in" if wanted else "in", ids)]

    def action_view_events(self):
        """Open the history of the record as a timeline."""
        check_access(self, "read")
        return self._history_action(_("History of %(record)s", record=self.display_name))

    def action_view_rejected_events(self):
        """Open what was rejected in the history of the record."""
        check_access(self, "read")
        name = _("Rejected attempts on %(record)s", record=self.display_name)
        return self._history_action(name, ("rejected",))

    def action_view_failed_events(self):
        """Open what failed in the history of the record."""
        check_access(self, "read")
        name = _("Failures of %(record)s", record=self.display_name)
        return self._history_action(name, ("failed",))

    def _history_action(self, name, kinds=()):
        """Return the action that shows the stream of the record.

        :param kinds: outcomes that the timeline begins with; all by default
        """
        company_id, aggregate_id = self._stream_key()
        stream = self.env["event.stream"].search(
            [
                ("model_name", "in", self._stream_names()),
                ("aggregate_id", "=", aggregate_id),
                ("company_id", "=", company_id),
            ],
            limit=1,
        )
        if not stream:
            raise UserError(_("Nothing has happened to this record yet."))
        return {**stream._open_timeline(kinds), "name": name}
