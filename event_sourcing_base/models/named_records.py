from odoo import _, models, tools
from odoo.exceptions import UserError

from ..compat import check_access

LAST = 100


class Base(models.AbstractModel):
    """What history needs is not deleted, and whoever tries is told so in words.

    Without this the database says it, in the words of its foreign keys.
    """

    _inherit = "base"
    # Of models whose records need what they name: the lower it is, the sooner people are told
    # that it is one of these.
    _history_rank = None

    def unlink(self):
        if self:
            self._check_not_named()
        return super().unlink()

    def _check_not_named(self):
        """Raise UserError for a record that one with a history needs."""
        for model_name, name, way in self._needed_by_history():
            check_access(self, "unlink")  # nobody else learns what names it
            holders = self.env[model_name].sudo().with_context(active_test=False)
            found = holders.search([(f"{name}{way}", "in", self.ids)], limit=1)
            if not found:
                continue
            record = found[name]
            for step in way.split(".")[1:]:
                record = record[step]
            kind = self.env["ir.model"].sudo()._get(model_name).name
            values = {"name": record.display_name, "kind": kind}
            if "active" in self._fields:
                raise UserError(
                    _(
                        "%(name)s cannot be deleted: it stands in a record of the kind %(kind)s,"
                        " whose history stays. Archive it instead.",
                        **values,
                    )
                )
            raise UserError(
                _(
                    "%(name)s cannot be deleted: it stands in a record of the kind %(kind)s,"
                    " whose history stays.",
                    **values,
                )
            )

    @tools.ormcache("self._name")
    def _needed_by_history(self):
        """Return what keeps records of this model, of what goes with them, from being deleted.

        :return: ``((model, many2one field, how to get from there to this model), …)``
        """
        found = [(*key, "") for key in self._keys_onto(self._name, "restrict", historical=True)]
        for child, step in self._keys_onto(self._name, "cascade"):
            if child != self._name:
                onto = self._keys_onto(child, "restrict", historical=True)
                found += [(*key, f".{step}") for key in onto]
        return tuple(found)

    def _keys_onto(self, target, ondelete, historical=False):
        """Return ``[(model, field)]`` of the foreign keys onto a model's table.

        :param str ondelete: what they do when the record is deleted
        :param bool historical: only those of models that hold history, or follow from it
        """
        models_ = [
            model
            for model in self.env.registry.values()
            if not model._abstract and model._auto and not model._transient
            if not historical or model._history_rank or getattr(model, "_holds_history", False)
        ]
        models_.sort(key=lambda model: model._history_rank or LAST)
        return [
            (model._name, name)
            for model in models_
            for name, field in model._fields.items()
            if field.type == "many2one" and field.store and field.comodel_name == target
            if field.ondelete == ondelete
        ]
