from odoo import api, fields, models


class SourceLink(models.AbstractModel):
    """The business record that an event or a stream is about, where there is one."""

    _name = "source.link.mixin"
    _inherit = "access.first.mixin"
    _description = "Link to a Business Record"

    source_name = fields.Char(string="Business Record", compute="_compute_source")
    source_model = fields.Char(string="Business Model", compute="_compute_source")
    source_id = fields.Integer(string="Business Record ID", compute="_compute_source")

    @api.depends("model_name", "aggregate_id", "company_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_source(self):
        registry = self.env["snapshot.handler.registry"]
        for model_name, records in self.grouped("model_name").items():
            keys = {record: (record.company_id.id, record.aggregate_id) for record in records}
            sources = registry._source_records(model_name, keys.values())
            for record in records:
                source = sources.get(keys[record])
                record.source_name = source.display_name if source else False
                record.source_model = source._name if source else False
                record.source_id = source.id if source else False

    def action_open_source(self):
        """Open the business record."""
        self.ensure_one()
        if not self.source_id:
            return False
        return {
            "type": "ir.actions.act_window",
            "name": self.source_name,
            "res_model": self.source_model,
            "res_id": self.source_id,
            "view_mode": "form",
            "views": [(False, "form")],
        }
