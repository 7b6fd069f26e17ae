from odoo import _, api, fields, models

from odoo.addons.event_sourcing_base.compat import may_read


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
        for model_name, records in self.grouped("model_name").items():
            keys = {record: (record.company_id.id, record.aggregate_id) for record in records}
            sources = self._find_sources(model_name, keys.values())
            for record in records:
                source = sources.get(keys[record])
                record.source_name = source.display_name if source else False
                record.source_model = source._name if source else False
                record.source_id = source.id if source else False

    @api.model
    def _find_sources(self, model_name, keys):
        """Return ``{key: business record}`` that the user may read.

        :param keys: of streams, ``(company id, aggregate id)``
        :return: recordset of the handler's source model per key; empty where there is
            none, or none that is open to the user
        """
        registry = self.env["snapshot.handler.registry"]
        handler = registry._known_handler(model_name)
        name = handler._source_model if handler is not None else None
        if not name or name not in self.env:
            return {}
        source = self.env[name]
        if not may_read(source):
            return {}
        field = getattr(source, "_aggregate_field", "name")
        names = list({aggregate_id for _company_id, aggregate_id in keys})
        found = {}
        for record in source.with_context(active_test=False).search([(field, "in", names)]):
            company = "company_id" in record._fields and record.company_id.id
            found.setdefault((company or None, record[field]), record)
        # A record without a company stands for the streams of any.
        records = {key: found.get(key) or found.get((None, key[1])) for key in keys}
        return {key: record for key, record in records.items() if record}

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


class EventStore(models.Model):
    _name = "event.store"
    _inherit = ["event.store", "source.link.mixin"]


class EventStream(models.Model):
    _name = "event.stream"
    _inherit = ["event.stream", "source.link.mixin"]

    def _open_timeline(self, kinds=()):
        """Return the action that shows the stream as a timeline.

        :param kinds: outcomes that it begins with; all by default
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": _("History of %(record)s", record=self.aggregate_id),
            "res_model": "event.stream",
            "res_id": self.id,
            "view_mode": "form",
            "views": [(False, "form")],
            "context": {"timeline_kinds": list(kinds)},
        }
