from markupsafe import Markup

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import parse_object


class EventBoundaryAsOf(models.TransientModel):
    """Ask what a boundary knew of a key at a moment, or after so many events."""

    _name = "event.boundary.as.of"
    _inherit = "access.first.mixin"
    _description = "Key of a Boundary As Of"
    _rec_name = "key"

    boundary = fields.Char(required=True, readonly=True)
    key = fields.Char(required=True, readonly=True)
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    by = fields.Selection(
        [("moment", "A moment"), ("version", "A number of events")],
        required=True,
        default="moment",
    )
    moment = fields.Datetime(default=fields.Datetime.now)
    version = fields.Integer(string="Number", help="0 is before the first event.")
    event_count = fields.Integer(
        string="Events", compute="_compute_answer", help="How many events its state held."
    )
    message = fields.Char(compute="_compute_answer")
    state_table = fields.Html(compute="_compute_answer", string="State", sanitize=False)

    @api.model
    def _open(self, row, version=None):
        """Return the action that asks about a key.

        :param row: a record with ``boundary``, ``key`` and ``company_id``
        :param int version: suggests the state after so many events
        """
        suggested = {
            "default_boundary": row.boundary,
            "default_key": row.key,
            "default_company_id": row.company_id.id,
        }
        if version is not None:
            suggested.update(default_by="version", default_version=version)
        return {
            "type": "ir.actions.act_window",
            "name": _("%(aggregate)s as of …", aggregate=row.key),
            "res_model": self._name,
            "view_mode": "form",
            "views": [(False, "form")],
            "target": "new",
            "context": suggested,
        }

    @api.depends("boundary", "key", "company_id", "by", "moment", "version")
    @api.depends_context("lang", "tz")
    def _compute_answer(self):
        for question in self:
            question.update(question._answer())

    def _answer(self):
        """Return the values of the answer: the figures of ``event.boundary.state_at``."""
        nothing = {"event_count": 0, "message": False, "state_table": False}
        if not self.key or not self.company_id or (self.by == "moment" and not self.moment):
            return nothing
        at = {"version": self.version} if self.by == "version" else {"timestamp": self.moment}
        try:
            found = self.env["event.boundary"].state_at(
                self.boundary, self.key, company_id=self.company_id.id, **at
            )
        except UserError as error:
            return {**nothing, "message": str(error)}
        documents = self.env["event.document"]
        words = documents._boundary_words(self.boundary)
        rows = documents._rows(parse_object(found["state_json"]), words)
        cells = Markup().join(
            Markup('<tr><th scope="row" title="{key}">{label}</th><td>{value}</td></tr>').format(
                **row
            )
            for row in rows
        )
        table = Markup('<table class="o_event_payload table table-sm"><tbody>{}</tbody></table>')
        return {
            "event_count": found["version"],
            "message": not found["version"] and _("Nothing had happened yet."),
            "state_table": bool(rows) and table.format(cells),
        }


class EventBoundaryState(models.Model):
    _inherit = "event.boundary.state"

    def action_view_as_of(self):
        """Ask what was known of the key at some moment."""
        self.ensure_one()
        return self.env["event.boundary.as.of"]._open(self)


class EventBoundaryEvent(models.Model):
    _inherit = "event.boundary.event"

    def action_view_as_of(self):
        """Show what was known of the key right after this event."""
        self.ensure_one()
        return self.env["event.boundary.as.of"]._open(self, version=self.version)
