from lxml.builder import E

from odoo import _, api, fields, models
from odoo.tools import SQL


class EventJobRow(models.AbstractModel):
    """A row of what a job about the past found: ``job_id`` says of which moments it is."""

    _name = "event.job.row.mixin"
    _description = "Row of an Answer about the Past"
    _export_text_as_text = True

    @api.model
    def _export_about(self, domain):
        """Return what the rows are called in a file and of which moments they are.

        :return: ``(text, list of moments)``; None where they are of several questions
        """
        jobs = [job for (job,) in self._read_group(domain, ["job_id"])]
        if len(jobs) == 1 and jobs[0].sudo().kind in ("as_of", "compare"):
            return jobs[0].sudo()._export_about()
        return None


class SnapshotAsOfMixin(models.AbstractModel):
    """Snapshots as they were at a moment: the same typed columns, for a list of the past.

    Give a snapshot model one by inheriting both::

        class RentalSnapshotAsOf(models.Model):
            _name = "rental.snapshot.as.of"
            _inherit = ["snapshot.as.of.mixin", "rental.snapshot"]
            _snapshot_of = "rental.snapshot"

    Its rows belong to the job that asked for the moment, and go with it. Many2one
    columns must not keep what they name from being deleted: ``ondelete="set null"``.
    """

    _name = "snapshot.as.of.mixin"
    _description = "Snapshot as of a Moment"
    _inherit = ["event.job.row.mixin", "source.link.mixin", "snapshot.mixin"]
    _identity = ("job_id", "aggregate_id", "model_name", "company_id")
    # The snapshot model whose screens are used here, too.
    _snapshot_of = None

    job_id = fields.Many2one(
        "event.job", string="Question", required=True, readonly=True, ondelete="cascade"
    )
    company_id = fields.Many2one(ondelete="cascade")

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        if view_id or not self._snapshot_of:
            return super()._get_view(view_id, view_type, **options)
        lent = self.env[self._snapshot_of]
        arch, view = lent._get_view(view_id, view_type, **options)
        for button in arch.xpath("//header/button[@name='action_check' or @name='action_rebuild']"):
            button.getparent().remove(button)  # what was is neither checked nor rebuilt
        for box in arch.xpath("//div[@name='button_box']"):
            box.append(self._source_button())
            box.append(E.field(name="source_id", invisible="1"))
        return arch, view

    @api.model
    def _source_button(self):
        """Return the button that leads to the business record as it is now."""
        label = E.span(_("Business Record"), {"class": "o_stat_text"})
        value = E.field(name="source_name", **{"class": "o_stat_value"})
        return E.button(
            E.div(label, value, {"class": "o_stat_info"}),
            name="action_open_source",
            type="object",
            icon="fa-file-text-o",
            invisible="not source_id",
            **{"class": "oe_stat_button"},
        )

    @api.model
    def _keep(self, job, rows):
        """Store rows for a job.

        :param list rows: complete rows of the snapshot model, dicts
        """
        # A list for any aggregate type has not all the columns of a snapshot model.
        kept = [name for name in rows[0] if name in self._fields] if rows else []
        rows = [{name: vals[name] for name in kept} for vals in rows]
        self._replace_gone_references(rows)
        self._upsert([{**vals, "job_id": job.id} for vals in rows])

    @api.model
    def _replace_gone_references(self, rows):
        """Let a column name what took the place of a deleted record, or nothing.

        What took its place stands in the snapshot of today, where that still speaks of
        the same id: see ``snapshot.mixin._new_value``.
        """
        for name in self._typed_columns():
            field = self._fields[name]
            if field.type != "many2one" or not rows or name not in rows[0]:
                continue
            asked = {vals[name] for vals in rows if vals[name]}
            gone = asked.difference(self.env[field.comodel_name].sudo().browse(asked).exists().ids)
            if not gone:
                continue
            concerned = [vals for vals in rows if vals[name] in gone]
            heirs = self._heirs(name, [vals["aggregate_id"] for vals in concerned])
            for vals in concerned:
                key = vals["company_id"], vals["model_name"], vals["aggregate_id"], vals[name]
                vals[name] = heirs.get(key)

    @api.model
    def _heirs(self, name, aggregate_ids):
        """Return the id in the column for each id in the state.

        :return: ``{(company id, model_name, aggregate_id, id in the state): id in the column}``
        """
        self.env.cr.execute(
            SQL(
                "SELECT company_id, model_name, aggregate_id, state -> %s, %s FROM %s"
                " WHERE aggregate_id = ANY(%s) AND jsonb_typeof(state -> %s) = 'number'",
                name,
                SQL.identifier(name),
                SQL.identifier(self.env[self._snapshot_of or self._name]._table),
                aggregate_ids,
                name,
            )
        )
        return {row[:4]: row[4] for row in self.env.cr.fetchall()}


class EventSnapshotAsOf(models.Model):
    """Past snapshots of aggregates whose snapshot model has no such list of its own."""

    _name = "event.snapshot.as.of"
    _description = "Snapshot as of a Moment"
    _inherit = ["snapshot.as.of.mixin", "event.snapshot"]
    _snapshot_of = "event.snapshot"


class SnapshotMixin(models.AbstractModel):
    _inherit = "snapshot.mixin"

    @api.model
    def _as_of_model(self):
        """Return the model that holds past rows of this snapshot model."""
        return self.env.get(f"{self._name}.as.of", self.env["event.snapshot.as.of"])
