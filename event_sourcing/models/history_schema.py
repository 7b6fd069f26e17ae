from odoo import _, api, models
from odoo.exceptions import UserError

# Whose tables are the history, or the proof of it; no other copy of them is kept.
HISTORY = ("event.store", "event.stream", "event.seal", "event.recorder", "event.archive")


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
    if model_name not in HISTORY:
        return False
    model = env.registry.get(model_name)
    field = model._fields.get(field_name) if model is not None and field_name else None
    return not field_name or (field is not None and not field.manual)


class IrModel(models.Model):
    _inherit = "ir.model"

    def _drop_table(self):
        if not _loading(self.env) and any(_of_history(self.env, m.model) for m in self):
            _refuse(self.env)
        return super()._drop_table()

    def unlink(self):
        # Not a context key decides this: a caller could send it.
        if not _loading(self.env) and any(_of_history(self.env, m.model) for m in self):
            _refuse(self.env)
        return super().unlink()

    def write(self, vals):
        names = {"order", "model", "state", "transient", "field_id", "access_ids", "rule_ids"}
        asked = names & set(vals) and not _loading(self.env)
        if asked and any(_of_history(self.env, m.model) for m in self):
            _refuse(self.env)
        return super().write(vals)


class IrModelFields(models.Model):
    _inherit = "ir.model.fields"

    def _check_history(self):
        if not _loading(self.env) and any(_of_history(self.env, f.model, f.name) for f in self):
            _refuse(self.env)

    def _drop_column(self):
        self._check_history()
        return super()._drop_column()

    def unlink(self):
        self._check_history()
        return super().unlink()

    def write(self, vals):
        if any(not self._fields[name].translate for name in vals if name in self._fields):
            self._check_history()
        return super().write(vals)


class IrModelSelection(models.Model):
    _inherit = "ir.model.fields.selection"

    def _check_history(self):
        fields = self.sudo().field_id
        if not _loading(self.env) and any(_of_history(self.env, f.model, f.name) for f in fields):
            _refuse(self.env)

    def unlink(self):
        self._check_history()
        return super().unlink()

    def write(self, vals):
        if any(not self._fields[name].translate for name in vals if name in self._fields):
            self._check_history()
        return super().write(vals)


class IrModelConstraint(models.Model):
    _inherit = "ir.model.constraint"

    def _check_history(self):
        if not _loading(self.env) and any(_of_history(self.env, c.model.model) for c in self):
            _refuse(self.env)

    @api.model_create_multi
    def create(self, vals_list):
        constraints = super().create(vals_list)
        constraints._check_history()
        return constraints

    def write(self, vals):
        self._check_history()
        result = super().write(vals)
        self._check_history()
        return result

    def unlink(self):
        self._check_history()
        return super().unlink()


class IrModelRelation(models.Model):
    _inherit = "ir.model.relation"

    def _check_history(self):
        """Refuse a table of the history as what an addon drops when it goes."""
        tables = {self.env[name]._table for name in HISTORY if name in self.env}
        if not _loading(self.env) and tables & {name.strip('"') for name in self.mapped("name")}:
            _refuse(self.env)

    @api.model_create_multi
    def create(self, vals_list):
        relations = super().create(vals_list)
        relations._check_history()
        return relations

    def write(self, vals):
        result = super().write(vals)
        self._check_history()
        return result


class IrModelData(models.Model):
    _inherit = "ir.model.data"

    @api.model
    def _module_data_uninstall(self, modules_to_remove):
        """Leave the history alone where this is called past the removal of addons."""
        if not _loading(self.env) and "event_sourcing" in modules_to_remove:
            _refuse(self.env)
        return super()._module_data_uninstall(modules_to_remove)
