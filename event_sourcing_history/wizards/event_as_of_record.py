from odoo import _, api, fields, models


class EventAsOfRecord(models.TransientModel):
    """Ask what was true of one aggregate after a version, or at a moment."""

    _name = "event.as.of.record"
    _inherit = "access.first.mixin"
    _description = "One Record As Of"
    _rec_name = "aggregate_id"

    model_name = fields.Char(string="Record Type", required=True, readonly=True)
    aggregate_id = fields.Char(string="Record", required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    by = fields.Selection(
        [("moment", "A moment"), ("version", "A version")], required=True, default="moment"
    )
    moment = fields.Datetime(default=fields.Datetime.now)
    version = fields.Integer(help="0 is before the first event.")

    @api.model
    def _open(self, model_name, company_id, aggregate_id, version=None):
        """Return the action that asks about one stream."""
        suggested = {
            "default_model_name": model_name,
            "default_company_id": company_id,
            "default_aggregate_id": aggregate_id,
        }
        if version is not None:
            suggested.update(default_by="version", default_version=version)
        return {
            "type": "ir.actions.act_window",
            "name": _("%(aggregate)s as of …", aggregate=aggregate_id),
            "res_model": self._name,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": suggested,
        }


class EventStream(models.Model):
    _inherit = "event.stream"

    def action_view_as_of(self):
        """Ask what was true of the aggregate at some moment."""
        self.ensure_one()
        questions = self.env["event.as.of.record"]
        return questions._open(self.model_name, self.company_id.id, self.aggregate_id)


class SnapshotMixin(models.AbstractModel):
    _inherit = "snapshot.mixin"

    def action_view_as_of(self):
        """Ask what was true of the aggregate at some moment."""
        self.ensure_one()
        questions = self.env["event.as.of.record"]
        return questions._open(self.model_name, self.company_id.id, self.aggregate_id)


class EventSourceMixin(models.AbstractModel):
    _inherit = "event.source.mixin"

    def action_view_as_of(self):
        """Ask what was true of the record at some moment."""
        self.ensure_one()
        questions = self.env["event.as.of.record"]
        return questions._open(self._aggregate_model, *self._stream_key())


class EventStore(models.Model):
    _inherit = "event.store"

    def action_view_as_of(self):
        """Show what was true of the aggregate right after this event."""
        self.ensure_one()
        questions = self.env["event.as.of.record"]
        stream = self.model_name, self.company_id.id, self.aggregate_id
        return questions._open(*stream, version=self.version)
