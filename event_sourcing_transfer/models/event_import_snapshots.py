from odoo import api, models

from odoo.addons.event_sourcing_base.canonical_json import normalise


class EventImportSnapshots(models.Model):
    """Whether the tables of snapshots would hold what the rows of a file come to.

    An import writes a snapshot once for each chunk of rows. So what counts is how an
    aggregate stands after its last row in the chunk.
    """

    _inherit = "event.job"

    def _check_snapshots(self, folded, streams, applied):
        """Find the aggregates whose snapshots could not be written.

        :param dict folded: ``{key: (state before, [(item, EventData)])}``, what was folded
        :param dict streams: ``{key: (version, state)}``, how they stand now
        :param bool applied: whether the events were applied once, and are restored
        :return: list of ``(key, item, reason)``: the item since which it is so
        """
        by_model, found = {}, []
        for key in folded:
            by_model.setdefault(key[1], []).append(key)
        for model_name, keys in by_model.items():
            handler = self._memory_handler(model_name)
            folds = [(streams[key][1], folded[key][1][-1][1]) for key in keys]
            for index in handler._find_violations(folds, applied):
                item, reason = self._first_unfit(handler, *folded[keys[index]], applied)
                found.append((keys[index], item, reason))
        return found

    @api.model
    def _first_unfit(self, handler, state, events, applied):
        """Return ``(item, reason)`` of the event since which a snapshot cannot be written."""
        folds = []
        for _item, event in events:
            state = handler._fold(normalise(state), event)
            folds.append((state, event))
        unfit = handler._find_violations(folds, applied)
        first = len(folds) - 1
        while first - 1 in unfit:
            first -= 1
        snapshots = handler.env[handler._snapshot_model]
        return events[first][0], snapshots._explain_violation(unfit[first])
