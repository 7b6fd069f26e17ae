import psycopg2

from odoo import _, api, models
from odoo.exceptions import UserError


class SnapshotViolation(models.AbstractModel):
    """Why the table would not hold rows, in words."""

    _inherit = "snapshot.mixin"

    @api.model
    def _explain_violation(self, reason):
        """Return in a sentence why a row cannot be written.

        :param reason: ``(kind, column, row)`` of :meth:`_find_violations`, or an exception
        """
        if isinstance(reason, Exception):
            return self._explain_unfit(reason)
        kind, name, vals = reason
        return getattr(self, f"_explain_{kind}")(name, vals)

    @api.model
    def _explain_unfit(self, error):
        if isinstance(error, UserError):
            return str(error)
        said = isinstance(error, psycopg2.Error) and error.diag.message_primary
        return _(
            "The columns of the snapshot cannot hold this (%(error)s); correct the value.",
            error=self.env["event.store"]._storable(str(said or error)),
        )

    @api.model
    def _explain_gone(self, name, vals):
        return _(
            "%(label)s names the %(record)s with the id %(id)s, which is not here; give the id of"
            " one that is.",
            **self._labels_of(name),
            id=vals[name],
        )

    @api.model
    def _explain_needed(self, name, vals):
        return _(
            "The snapshot needs %(label)s, but the %(record)s with the id %(id)s is not here; bring"
            " that record back, or let the addon allow the column to be empty.",
            **self._labels_of(name),
            id=vals[name],
        )

    @api.model
    def _explain_empty(self, name, _vals):
        return _(
            "The snapshot needs %(label)s, but the events leave it empty; give it in the event,"
            " or let the addon allow the column to be empty.",
            label=self._labels_of(name)["label"],
        )

    @api.model
    def _labels_of(self, name):
        """Return what a column and the records that it names are called."""
        field = self._fields[name]
        record = field.comodel_name and self.env["ir.model"].sudo()._get(field.comodel_name).name
        return {"label": field._description_string(self.env), "record": record}
