from odoo import _, api, models
from odoo.exceptions import UserError


def history_models(env):
    """Return the names of the models whose tables are the history, or the proof of it.

    They say so: ``_holds_history``. No other copy of these tables is kept.
    """
    found = env.registry.models.items()
    return sorted(name for name, model in found if getattr(model, "_holds_history", False))


def history_addons(env):
    """Return the names of the addons whose removal drops such tables."""
    return {env[name]._original_module for name in history_models(env)}


def _loading(env):
    """Whether addons are installed, upgraded or removed just now: nobody is being served."""
    return not env.registry.ready


def _refuse(env):
    raise UserError(
        _(
            "This belongs to the history of events and is never removed, renamed or changed by"
            " hand; uninstall Event Sourcing under Apps if you want to give the history up."
        )
    )


def _of_history(env, model_name, field_name=None):
    """Whether a model, or a field of it, is the engine's and holds history.

    What somebody added as a field of their own (``x_…``) is theirs to remove.
    """
    model = env.registry.get(model_name)
    if not getattr(model, "_holds_history", False):
        return False
    field = model._fields.get(field_name) if field_name else None
    return not field_name or (field is not None and not field.manual)


class HistoryGuard(models.AbstractModel):
    """What Odoo's own tables say about the history is not removed or changed by hand."""

    _name = "history.guard.mixin"
    _description = "Guard of the History"
    # Whether records may come to name the history by what is written, too.
    _may_name_history = False

    def _is_of_history(self):
        """Whether one of the records belongs to the history; each model knows its own way."""
        return False

    def _changes_history(self, vals):
        """Whether these values are more than the words for a record in some language."""
        return any(not self._fields[name].translate for name in vals if name in self._fields)

    def _check_history(self):
        # Not a context key decides this: a caller could send it.
        if not _loading(self.env) and self._is_of_history():
            _refuse(self.env)

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if self._may_name_history:
            records._check_history()
        return records

    def write(self, vals):
        if self._may_name_history or self._changes_history(vals):
            self._check_history()
        result = super().write(vals)
        if self._may_name_history:
            self._check_history()
        return result

    def unlink(self):
        self._check_history()
        return super().unlink()


class IrModel(models.Model):
    _name = "ir.model"
    _inherit = ["history.guard.mixin", "ir.model"]

    def _is_of_history(self):
        return any(_of_history(self.env, model.model) for model in self)

    def _changes_history(self, vals):
        names = {"order", "model", "state", "transient", "field_id", "access_ids", "rule_ids"}
        return bool(names & set(vals))

    def _drop_table(self):
        self._check_history()
        return super()._drop_table()


class IrModelFields(models.Model):
    _name = "ir.model.fields"
    _inherit = ["history.guard.mixin", "ir.model.fields"]

    def _is_of_history(self):
        return any(_of_history(self.env, field.model, field.name) for field in self)

    def _drop_column(self):
        self._check_history()
        return super()._drop_column()


class IrModelSelection(models.Model):
    _name = "ir.model.fields.selection"
    _inherit = ["history.guard.mixin", "ir.model.fields.selection"]

    def _is_of_history(self):
        return self.sudo().field_id._is_of_history()


class IrModelConstraint(models.Model):
    _name = "ir.model.constraint"
    _inherit = ["history.guard.mixin", "ir.model.constraint"]
    _may_name_history = True

    def _is_of_history(self):
        return any(_of_history(self.env, constraint.model.model) for constraint in self)


class IrModelRelation(models.Model):
    _name = "ir.model.relation"
    _inherit = ["history.guard.mixin", "ir.model.relation"]
    _may_name_history = True

    def _is_of_history(self):
        """Whether one names a table of the history as what an addon drops when it goes."""
        tables = {self.env[name]._table for name in history_models(self.env)}
        return bool(tables & {name.strip('"') for name in self.mapped("name")})


class IrModelData(models.Model):
    _inherit = "ir.model.data"

    @api.model
    def _module_data_uninstall(self, modules_to_remove):
        """Leave the history alone where this is called past the removal of addons."""
        if not _loading(self.env) and history_addons(self.env) & set(modules_to_remove):
            _refuse(self.env)
        return super()._module_data_uninstall(modules_to_remove)
