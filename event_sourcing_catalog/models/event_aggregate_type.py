from odoo import fields, models

from odoo.addons.event_sourcing_base.compat import may_read


class EventSnapshotKind(models.Model):
    """What kinds of snapshots there are: one row per aggregate type, whatever table holds them."""

    _name = "event.aggregate.type"
    _description = "Kind of Snapshot"
    _inherit = ["handler.listing.mixin", "aggregate.label.mixin"]
    _auto = False
    _order = "last_event_date desc nulls last, model_name"
    _rec_name = "aggregate_label"

    model_name = fields.Char(string="Technical Record Type", readonly=True)
    snapshot_model = fields.Char(readonly=True)
    snapshot_count = fields.Integer(string="Snapshots", readonly=True)
    last_event_date = fields.Datetime(string="Last Event On", readonly=True)

    def _catalogue_rows(self):
        """Return a row for each type with a handler, and for what is left of others."""
        registry = self.env["snapshot.handler.registry"]
        tables = {"event.snapshot": []}
        for name in registry._handler_names():
            table = getattr(registry._known_handler(name), "_snapshot_model", None)
            if table in self.env and may_read(self.env[table]):
                tables.setdefault(table, []).append(name)
        rows = {}
        for table, names in tables.items():
            for name in names:
                rows[name] = self._kind_row(name, table)
            found = self.env[table]._read_group(
                [], ["model_name"], ["__count", "last_event_date:max"]
            )
            for stored_name, count, last in found:
                name = registry._canonical_name(stored_name)
                row = rows.setdefault(name, self._kind_row(name, table))
                row["snapshot_count"] += count
                row["last_event_date"] = max(
                    filter(None, (row["last_event_date"], last and last.isoformat())), default=None
                )
        return list(rows.values())

    def _kind_row(self, name, table):
        return {
            "id": self._stable_id(name),
            "model_name": name,
            "snapshot_model": table,
            "snapshot_count": 0,
            "last_event_date": None,
        }

    def action_open_snapshots(self):
        """Open the snapshots: by the action of the addon that brings one for them."""
        self.ensure_one()
        table = self.snapshot_model
        action = self.env["ir.actions.act_window"].sudo()
        label = self.aggregate_label
        own = action.search([("res_model", "=", table), ("domain", "=", False)], limit=1)
        if own and self.search_count([("snapshot_model", "=", table)]) == 1:
            return {**own._get_action_dict(), "name": label, "display_name": label}
        names = self.env["snapshot.handler.registry"]._stream_names(self.model_name)
        cards = [("model", "=", table), ("type", "=", "kanban")]
        has_cards = self.env["ir.ui.view"].sudo().search_count(cards, limit=1)
        kinds = ("list", "kanban", "form") if has_cards else ("list", "form")
        return {
            "type": "ir.actions.act_window",
            "name": label,
            "res_model": table,
            "view_mode": ",".join(kinds),
            "mobile_view_mode": "kanban",
            "views": [(False, kind) for kind in kinds],
            "domain": [("model_name", "in", names)],
        }
