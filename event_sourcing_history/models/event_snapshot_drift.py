from odoo import api, models


class EventSnapshotDrift(models.Model):
    """What a comparison found, with what tells people which record it is about."""

    _name = "event.snapshot.drift"
    _inherit = ["event.snapshot.drift", "event.job.row.mixin", "source.link.mixin"]
    # Columns of snapshots that are said beside each difference; an addon adds them as fields.
    _record_columns = ()

    @api.model
    def _with_columns(self, model_name, found, folded):
        """Return differences with the columns that their records have at the later moment.

        :param list found: values of new differences, of records of one aggregate type
        :param dict folded: ``{key: (FoldResult before, FoldResult after)}``
        """
        if not self._record_columns or not found:
            return found
        handler = self.env["event.store"]._find_handler(model_name)
        made = handler._rows_of_folds(after for _before, after in folded.values())
        rows = [vals for vals, _text in made]
        self.env[handler._snapshot_model]._as_of_model()._replace_gone_references(rows)
        known = {
            (row["company_id"], row["aggregate_id"]): {
                name: row[name] for name in self._record_columns if name in row
            }
            for row in rows
        }
        return [
            {**known.get((vals["company_id"], vals["aggregate_id"]), {}), **vals} for vals in found
        ]

    def action_open_source(self):
        """Open the business record, or the history of what has none."""
        opened = super().action_open_source()
        if opened:
            return opened
        stream = self.env["event.stream"].search(
            [
                ("model_name", "=", self.model_name),
                ("aggregate_id", "=", self.aggregate_id),
                ("company_id", "=", self.company_id.id),
            ],
            limit=1,
        )
        return stream._open_timeline() if stream else False
