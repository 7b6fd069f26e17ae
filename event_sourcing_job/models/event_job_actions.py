from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access

from .event_boundary_drift import BOUNDARY_KINDS


class EventJobActions(models.Model):
    """Buttons that start jobs, and open them."""

    _inherit = "event.job"

    def action_check_all(self):
        """Check everything; a button of the list, whatever is selected."""
        return self._start_and_open("check")

    def action_rebuild_all(self):
        """Rebuild everything; likewise."""
        return self._start_and_open("rebuild")

    @api.model
    def _check_all(self):
        """Start the nightly check; the scheduler's way in.

        One for each company, so that its managers see what it found and no other's figures.
        """
        for companies in self._checked_apart():
            self._check_companies(companies)

    @api.model
    def _check_companies(self, companies):
        """Start a check of everything in some companies; none stands for all."""
        self._start("check", companies, model_name=False, aggregate_ids=None)

    @api.model
    def _checked_apart(self):
        """Return a list of the companies that are checked by a job each; none stands for all."""
        companies = self._every_company()
        return list(companies) if len(companies) > 1 else [companies.browse()]

    def action_rebuild_found(self):
        """Rebuild what a check found to be stored otherwise."""
        self.ensure_one()
        check_access(self, "read")
        found = {}
        if self.difference_ids and set(self.difference_ids.mapped("kind")) <= {*BOUNDARY_KINDS}:
            raise UserError(_("Only boundaries differ; rebuild them under Boundaries."))
        for drift in self.difference_ids.filtered("aggregate_id"):
            found.setdefault(drift.model_name, set()).add(drift.aggregate_id)
        if len(found) != 1 or len(self.difference_ids) < self.drift_count:
            return self._start_and_open("rebuild", self.model_name)
        ((model_name, aggregate_ids),) = found.items()
        return self._start_and_open("rebuild", model_name, list(aggregate_ids))

    @api.model
    def _start_and_open(self, kind, model_name=False, aggregate_ids=False):
        started = self.start(kind, model_name, aggregate_ids)
        return self.browse(started["id"])._open(started["under_way"])

    def _open(self, under_way=False):
        """Return the action that shows the job; say so where it was under way already."""
        action = {
            "type": "ir.actions.act_window",
            "name": self.display_name,
            "res_model": "event.job",
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
        if not under_way:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "event_sourcing_tell",
            "params": {
                "type": "info",
                "message": _("The same is under way already; this is how far it is."),
                "next": action,
            },
        }


class HandlerJobActions(models.Model):
    _inherit = "event.handler"

    def action_rebuild(self):
        """Rebuild all snapshots of the aggregate type."""
        self.ensure_one()
        return self.env["event.job"]._start_and_open("rebuild", self.model_name)

    def action_check(self):
        """Check all snapshots of the aggregate type."""
        self.ensure_one()
        return self.env["event.job"]._start_and_open("check", self.model_name)


class SnapshotJobActions(models.AbstractModel):
    _inherit = "snapshot.mixin"

    def action_rebuild(self):
        """Rebuild the selected snapshots from their events."""
        return self._start_job("rebuild")

    def action_check(self):
        """Check the selected snapshots against their events."""
        return self._start_job("check")

    def _start_job(self, kind):
        names = set(self.mapped("model_name"))
        if len(names) != 1:
            raise UserError(_("Select snapshots of one record type."))
        return self.env["event.job"]._start_and_open(kind, names.pop(), self.mapped("aggregate_id"))
