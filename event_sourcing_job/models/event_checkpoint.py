from odoo import _, api, models

from odoo.addons.event_sourcing_base.canonical_json import canonical, sort_keys


class EventCheckpoint(models.Model):
    """Checkpoints against the events."""

    _inherit = "event.checkpoint"

    @api.model
    def _of_streams(self, handler, model_name, keys):
        """Return ``{(key, version): state}`` of the checkpoints that count."""
        self.env.cr.execute(
            "SELECT company_id, aggregate_id, version, state"
            "  FROM unnest(%s::int[], %s::text[]) AS wanted (company_id, aggregate_id)"
            "  JOIN event_checkpoint USING (company_id, aggregate_id)"
            " WHERE model_name = %s AND rules = %s",
            [[k[0] for k in keys], [k[1] for k in keys], model_name, handler._rules_digest()],
        )
        return {(row[:2], row[2]): sort_keys(row[3]) for row in self.env.cr.fetchall()}

    @api.model
    def _differences(self, handler, model_name, folded):
        """Return a dict for each checkpoint that the events do not bear out.

        :param dict folded: ``{key: [FoldResult]}``, folded from the first event
        """
        checkpoints = {
            (key, event.version): state
            for key, (fold,) in folded.items()
            for state, event in fold.checkpoints
        }
        missing = object()
        return [
            {
                **self.env["event.stream"]._of_key(model_name, key),
                "kind": "checkpoint",
                "message": _(
                    "The intermediate state of version %(version)s is not what the events"
                    " say; a rebuild takes it anew.",
                    version=version,
                ),
            }
            for (key, version), state in self._of_streams(handler, model_name, folded).items()
            if folded[key][0].problem is None
            and canonical(state) != canonical(checkpoints.get((key, version), missing) or {})
        ]

    @api.model
    def _retake(self, handler, model_name, folded):
        """Take the checkpoints of streams anew, after a fold from the first event."""
        whole = {key: fold for key, (fold,) in folded.items() if fold.problem is None}
        checkpoints = [mark for fold in whole.values() for mark in fold.checkpoints]
        self.env.cr.execute(
            "DELETE FROM event_checkpoint AS mark"
            " USING unnest(%s::int[], %s::text[]) AS gone (company_id, aggregate_id)"
            " WHERE mark.model_name = %s AND mark.company_id = gone.company_id"
            " AND mark.aggregate_id = gone.aggregate_id",
            [[key[0] for key in whole], [key[1] for key in whole], model_name],
        )
        if checkpoints:
            self.env.cr.execute(*self._save_statement(handler, checkpoints))
