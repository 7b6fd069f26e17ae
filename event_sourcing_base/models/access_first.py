import base64
import re
from datetime import date

from odoo import _, api, models
from odoo.exceptions import UserError

from ..arguments import MAX_ID, listed, shown
from ..compat import check_access

# What commands of x2many fields say about records that exist: link, set, change.
WITH_ID = (1, 4)
WITH_IDS = 6
MAX_CHARS = 500  # an index takes no text of any length
HALF = re.compile("[\ud800-\udfff]")  # of a character that takes two: no text
MAX_NUMBER = {"integer": MAX_ID, "float": 1e300, "monetary": 1e15}


class EngineWritten(models.AbstractModel):
    """Rows that follow from events, which the engine alone writes; nobody does by hand."""

    _name = "engine.written.mixin"
    _description = "Written by the Engine Alone"

    @api.model
    def _refusal(self):
        """Return the UserError that refuses to change a row."""
        return UserError(
            _(
                "What stands here follows from events and cannot be changed by hand; record a"
                " further event instead."
            )
        )

    @api.model_create_multi
    def create(self, vals_list):
        raise self._refusal()

    def write(self, vals):
        raise self._refusal()

    def unlink(self):
        raise self._refusal()


class AccessFirst(models.AbstractModel):
    """Nobody is answered before it is asked whether they may.

    Odoo asks for access when records are read or written, but not when a form asks for default
    values or for what follows from what was entered; and what a form names, related fields show
    with full rights. Here the right to read the model comes first, and then the right to read
    each record that is named: by a value, by a command, by a default of the context.

    All models of this addon and of those beside it inherit this; a test walks them.
    """

    _name = "access.first.mixin"
    _description = "Access Is Asked for First"

    @api.model
    def _knows_all(self):
        """Whether the user may learn what is about all companies: has every one; a hook."""
        others = [("id", "not in", self.env.user.company_ids.ids)]
        return not self.env["res.company"].sudo().search_count(others, limit=1)

    @api.model
    def _check_ids(self, ids):
        """Raise UserError unless all of these are ids; ``browse`` asks, see ``KnownIds``."""
        for key in ids:
            if type(key) is not int and not _is_new(key):
                raise UserError(_("%(value)s is not the id of a record.", value=shown(key)))

    def ensure_one(self):
        """Say in a sentence that a method is about one record, whatever ids it was called with."""
        if len(self._ids) != 1:
            raise UserError(_("Choose one record; this was asked of %(count)s.", count=len(self)))
        return super().ensure_one()

    @api.model
    def default_get(self, fields_list):
        check_access(self.browse(), "read")
        names = self._check_names(fields_list)
        self._check_defaults()
        values = super().default_get(names)
        self._check_named(values)
        return values

    def onchange(self, values, field_names, fields_spec):
        check_access(self.browse(), "read")
        if self:
            self.ensure_one()
            check_access(self, "read")
        field_names = self._check_names(field_names)
        for given in (values, fields_spec):
            self._check_values_of(given)
        self._check_named(values)
        return super().onchange(values, field_names, fields_spec)

    @api.model_create_multi
    def create(self, vals_list):
        return super().create(self._check_new(vals_list))

    def write(self, vals):
        self._check_given(vals)
        done = super().write(vals)
        if not self.env.su and any(self._fields[name].type == "many2one" for name in vals):
            # Odoo asks for the right to what a record was, not to what it has become.
            check_access(self, "write")
        return done

    def copy(self, default=None):
        self._check_given(default or {})
        return super().copy(default)

    @api.model
    def _check_new(self, vals_list):
        """Return a list of values; refuse what ``create`` would end on with Python's errors."""
        if self.env.su:
            return vals_list
        vals_list = listed(self.env, _("The list of new records"), vals_list)
        for vals in vals_list:
            self._check_given(vals)
        return vals_list

    def _check_given(self, vals):
        """Refuse what ``write`` would end on with an error of Python's."""
        if self.env.su:
            return
        self._check_values_of(vals)
        for name, value in vals.items():
            field = self._fields[name]
            if field.store and field.compute and field.readonly:
                raise UserError(
                    _(
                        "%(field)s follows from other values and cannot be set.",
                        field=field._description_string(self.env),
                    )
                )
            self._check_value(name, value)
        # Odoo names records of other companies when it says that they do not belong together.
        told = {
            name: value
            for name, value in vals.items()
            if self._transient or getattr(self._fields[name], "check_company", False)
        }
        self._check_named(told)

    @api.model
    def _check_defaults(self):
        """Refuse default values in the context that a field cannot take; Odoo would keep them."""
        for key, value in () if self.env.su else self.env.context.items():
            name = key.removeprefix("default_")
            if name != key and name in self._fields:
                self._check_value(name, value)

    @api.model
    def _check_value(self, name, value, any_length=False):
        """Refuse a value that a field cannot take, and one that names fields that are none.

        :param bool any_length: whether a text may be longer than anybody may give it today
        """
        field = self._fields[name]
        if not _fits(field, value, self, any_length):
            raise UserError(
                _(
                    "%(field)s cannot be %(value)s; give another value.",
                    field=field._description_string(self.env),
                    value=shown(value),
                )
            )
        if field.type in ("one2many", "many2many"):
            for inner in _named(field.type, value)[1]:
                _check_fields(self.env[field.comodel_name], list(inner))

    @api.model
    def _check_names(self, names):
        """Return a list of names; raise UserError unless all are names of fields."""
        names = listed(self.env, _("The list of fields"), names)
        _check_fields(self, names)
        return names

    @api.model
    def _check_values_of(self, values):
        """Raise UserError unless values are named by fields."""
        if not isinstance(values, dict):
            raise UserError(
                _("Give named values of fields instead of %(value)s.", value=shown(values))
            )
        self._check_names(list(values))

    def _check_named(self, values):
        """Raise AccessError where values name a record that the user may not read.

        What a record of self names already is not asked for again.

        :param dict values: of fields, as a form sends them or ``create`` takes them
        """
        if self.env.su or not isinstance(values, dict):
            return
        for name, value in values.items():
            field = self._fields.get(name)
            if field is None or not field.relational or not value:
                continue
            ids, inner = _named(field.type, value)
            comodel = self.env[field.comodel_name]
            if self.ids:
                # Of self, with the rights of whoever may read it.
                ids -= set(self.sudo()[name].ids) if len(self) == 1 else set()
            known = comodel.sudo().with_context(active_test=False).browse(ids).exists()
            if known:
                check_access(known.with_env(self.env), "read")
            for vals in inner:
                if hasattr(comodel, "_check_named"):
                    comodel._check_named(vals)


def _check_fields(model, names):
    for name in names:
        if not isinstance(name, str) or name not in model._fields:
            raise UserError(
                _("%(model)s has no field %(name)s.", model=model._name, name=shown(name))
            )


def _fits(field, value, record, any_length=False):
    """Whether a field can take a value: of its kind, and of a size that the database takes."""
    if value is None or value is False or hasattr(value, "_name"):
        return True
    if field.type == "json":
        return True  # its own check says more
    if field.type in ("many2one", "many2one_reference"):
        comodel = record.env.get(field.comodel_name)
        return _is_id(value) if comodel is None or comodel._auto else _is_key(value)
    if field.type in ("one2many", "many2many"):
        return isinstance(value, list | tuple) and all(map(_is_command, value))
    if field.type in ("char", "text", "html", "selection", "reference"):
        if not isinstance(value, str) or "\0" in value or HALF.search(value):
            return False
        if field.type == "char" and len(value) > MAX_CHARS and not any_length:
            return False
    elif field.type == "binary":
        return isinstance(value, str | bytes) and _is_base64(value)
    elif field.type in ("date", "datetime"):
        if not isinstance(value, str | date) or not value:
            return False
    elif not isinstance(value, bool | int | float):
        return False
    if field.type in ("integer", "float", "monetary") and not abs(value) <= MAX_NUMBER[field.type]:
        return False
    if field.type == "selection" and value not in field.get_values(record.env):
        return False
    try:
        field.convert_to_cache(value, record)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _is_command(value):
    """Whether a value is a command of an x2many field, or the id of a record."""
    if not isinstance(value, list | tuple):
        return _is_key(value)
    if not value or not isinstance(value[0], int) or not 0 <= value[0] <= WITH_IDS:
        return False
    rest = [*value[1:], None, None]
    if value[0] in (0, 1) and not isinstance(rest[1], dict):
        return False
    if value[0] == WITH_IDS:
        return isinstance(rest[1], list | tuple) and all(map(_is_key, rest[1]))
    return value[0] in (0, 5) or _is_key(rest[0]) or _is_new(rest[0])


def _is_base64(value):
    try:
        return base64.b64decode(value) is not None
    except ValueError:
        return False


def _named(kind, value):
    """Return ``(ids, values of records in it)`` of what a relational field is given."""
    if hasattr(value, "ids"):
        return set(value.ids), []
    if kind == "many2one":
        if isinstance(value, list | tuple):
            value = value[0] if value else 0
        if isinstance(value, dict):
            value = value.get("id")
        return ({value} if _is_id(value) else set()), []
    ids, inner = set(), []
    for command in value if isinstance(value, list | tuple) else ():
        if _is_id(command):
            ids.add(command)
        elif isinstance(command, list | tuple) and command:
            rest = [*command[1:], None, None]
            if command[0] in WITH_ID and _is_id(rest[0]):
                ids.add(rest[0])
            if command[0] == WITH_IDS and isinstance(rest[1], list | tuple):
                ids.update(filter(_is_id, rest[1]))
            if isinstance(rest[1], dict):
                inner.append(rest[1])
    return ids, inner


def _is_key(value):
    """Whether a value may be the id of a row, also of a list that has no table."""
    return type(value) is int and abs(value) < 2**63


def _is_new(value):
    """Whether a value stands for a record of a form that is not stored yet."""
    return hasattr(value, "origin")


def _is_id(value):
    return type(value) is int and 0 < value <= MAX_ID
