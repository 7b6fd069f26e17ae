from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.fields import NO_SUM


class EventSubscriptionBuilds(models.Model):
    """Which version of its code a read model is made with, and its builds."""

    _inherit = "event.subscription"

    version = fields.Integer(
        readonly=True, help="Of the read model's code, when its rows were made.", **NO_SUM
    )
    code_version = fields.Integer(string="Version of the Code", compute="_compute_code_version")
    build_ids = fields.One2many("event.projection.build", "subscription_id", readonly=True)

    @api.depends("consumer")
    def _compute_code_version(self):
        for sub in self:
            consumer = self.env.get(sub.consumer)
            sub.code_version = getattr(consumer, "_projection_version", 0)

    @api.model
    def _sync(self):
        super()._sync()
        for name in self.env["event.consumer.registry"]._names():
            # A new one, or one from before versions were noted.
            if self.env[name]._kind == "projection":
                self.env.cr.execute(
                    "UPDATE event_subscription SET version = %s"
                    " WHERE consumer = %s AND coalesce(version, 0) = 0",
                    [self.env[name]._projection_version, name],
                )

    def _come_back(self):
        super()._come_back()
        if self.kind == "projection" and self._has_no_rows():
            # Its tables went with its addon, and are new: so is the place where it stands.
            self.build_ids.filtered(lambda build: build.state != "discarded")._discard()
            self.write(
                {"consumed_count": 0, "version": self.env[self.consumer]._projection_version}
            )
            self._move(self.env["event.store"]._feed_start())

    def _has_no_rows(self):
        """Whether it writes tables, and none of them has a row."""
        names = self.env[self.consumer]._read_models
        tables = [self.env[name]._table for name in names if name in self.env]
        for table in tables:
            self.env.cr.execute(SQL("SELECT EXISTS (SELECT FROM %s)", SQL.identifier(table)))
            if self.env.cr.fetchone()[0]:
                return False
        return bool(tables)

    @api.model
    def _other_due(self):
        builds = self.env["event.projection.build"]
        return {
            **super()._other_due(),
            "_begin_builds": SQL("EXISTS (%s)", builds._other_versions()),
            "_run_builds": SQL("EXISTS (%s)", builds._to_run()),
        }

    @api.model
    def _begin_builds(self, _deadline=None):
        return self.env["event.projection.build"]._begin_due()

    @api.model
    def _run_builds(self, deadline=None):
        return self.env["event.projection.build"]._run_builds(deadline)

    def action_rebuild(self):
        """Make the read model anew beside the one in use, from the first event."""
        self.ensure_one()
        sub = self._managed()
        if sub.kind != "projection":
            raise UserError(_("Only read models can be made anew."))
        with self.env["event.projection.mode"]._in_read_committed() as env:
            env["event.projection.build"]._begin(env[self._name].browse(sub.id))
        self.env.invalidate_all()
        return True
