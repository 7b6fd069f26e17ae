from odoo import _, models
from odoo.tools.misc import formatLang


class IrModule(models.Model):
    _inherit = "ir.module.module"

    def _history_left(self):
        """Return in a sentence of which aggregate types the events stay without rules, or ""."""
        names = set(self.mapped("name"))
        if "event_sourcing" in names:
            return ""
        registry = self.env["snapshot.handler.registry"]
        types = [
            model_name
            for model_name, handler in registry._handler_names().items()
            if getattr(self.env[handler], "_original_module", None) in names
        ]
        if not types:
            return ""
        streams = [("model_name", "in", types)]
        groups = self.env["event.stream"].sudo()._read_group(streams, [], ["version:sum"])
        return _(
            "The events about %(types)s stay (%(count)s). Their snapshots go, and can be rebuilt"
            " once this is installed again; the business records and their notes go for good.",
            count=formatLang(self.env, groups[0][0] or 0, digits=0),
            types=", ".join(registry._aggregate_label(name) for name in sorted(types)),
        )
