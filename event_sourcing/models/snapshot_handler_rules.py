import hashlib

from odoo import api, models, tools

from ..code_text import spelled

# What a handler declares, and a fold depends on.
TABLES = (
    *("_transitions", "_initial_status", "_payload_fields"),
    *("_schema_versions", "_upcasters", "_event_aliases"),
)


class SnapshotHandler(models.AbstractModel):
    """By which rules a handler folds, told apart from those of another day."""

    _inherit = "snapshot.handler"

    @api.model
    @tools.ormcache()
    def _rules_digest(self):
        """Return a digest of the code and the tables of this handler, the same in every process.

        What a handler calls outside of its classes is not seen: rebuild after changing that.
        """
        rules = [f"{name} {getattr(self, name)!r}" for name in TABLES]
        for kind in type(self).__mro__:
            if kind.__module__.startswith("odoo.addons."):
                codes = {
                    name: getattr(value, "__code__", None) for name, value in vars(kind).items()
                }
                rules += [f"{name} {spelled(code)}" for name, code in codes.items() if code]
        return hashlib.sha256("\n".join(rules).encode()).hexdigest()[:16]
