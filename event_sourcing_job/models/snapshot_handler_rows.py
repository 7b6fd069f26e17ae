from odoo import api, models

from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error


class SnapshotHandlerRows(models.AbstractModel):
    """The rows of many snapshots: one that cannot be made keeps no other from being looked at."""

    _inherit = "snapshot.handler"

    @api.model
    def _rows_of_folds(self, folds):
        """Return ``(vals, text)`` for the snapshot of each fold that has one.

        A fold of which no row can be made gets a problem, as one that cannot be replayed.

        :param folds: FoldResults
        :return: list of complete rows, and of the same as ``_row_texts`` gives them
        """
        folds = [fold for fold in folds if fold.problem is None and fold.last]
        if not folds:
            return []
        try:
            with self.env.cr.savepoint(flush=False):
                rows = self._snapshot_rows((fold.state, fold.last) for fold in folds)
                texts = self.env[self._snapshot_model]._row_texts(rows)
                return list(zip(rows, texts, strict=True))
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            if len(folds) == 1:
                folds[0].problem = error
                return []
        half = len(folds) // 2
        return self._rows_of_folds(folds[:half]) + self._rows_of_folds(folds[half:])
