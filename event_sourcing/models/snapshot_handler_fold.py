from odoo import api, models

from ..canonical_json import normalise
from ..event_data import EventData
from ..retry import must_retry


class SnapshotHandlerFold(models.AbstractModel):
    """From stored events to stored snapshots: load, fold in memory, save."""

    _inherit = "snapshot.handler"

    @api.model
    def apply_event(self, event):
        """Fold one stored event into its snapshot and write it.

        :param event: an ``event.store`` record
        :raise UserError: when the event breaks a rule; nothing is written then
        """
        if getattr(event, "_name", None) != "event.store":
            raise TypeError(f"{event!r} is no record of event.store")
        event.ensure_one()
        state = self._load_states(event.model_name, [event.aggregate_id])[event.aggregate_id]
        value = EventData.from_record(event)
        self._save_states({event.aggregate_id: (self._fold(state, value), value)})
        return True

    @api.model
    def _fold_together(self, model_name, aggregates):
        """Fold the new events of many aggregates; nothing is written.

        :param str model_name: the aggregate type
        :param dict aggregates: ``{aggregate_id: [EventData] in order}``
        :return: ``({aggregate_id: (state, last EventData)}, troubled)``, the latter a
            set of the aggregate ids in which something went wrong
        """
        states = self._load_states(model_name, aggregates)
        folded, troubled = {}, set()
        for aggregate_id, events in aggregates.items():
            state = states[aggregate_id]
            try:
                for event in events:
                    state = self._fold(state, event)
            except Exception as error:
                if must_retry(error):
                    raise
                troubled.add(aggregate_id)
            else:
                folded[aggregate_id] = state, event
        return folded, troubled

    @api.model
    def _load_states(self, model_name, aggregate_ids):
        """Return ``{aggregate_id: state}``, the initial state where there is none yet."""
        model_name = self.env["snapshot.handler.registry"]._canonical_name(model_name)
        known = self.env[self._snapshot_model]._load(model_name, aggregate_ids)
        return {
            aggregate_id: normalise(known[aggregate_id])
            if aggregate_id in known
            else self._initial_state()
            for aggregate_id in aggregate_ids
        }

    @api.model
    def _save_states(self, folded):
        """Write snapshots and let the business records know.

        :param dict folded: ``{aggregate_id: (state, last EventData)}``
        """
        self.env[self._snapshot_model]._upsert(
            [self._snapshot_vals(state, event) for state, event in folded.values()]
        )
        self._tell_source(list(folded))

    @api.model
    def _snapshot_vals(self, state, event):
        """Return the complete row of a snapshot.

        :param dict state: JSON object
        :param EventData event: the last one that was applied
        """
        registry = self.env["snapshot.handler.registry"]
        return {
            **self._columns(state),
            "model_name": registry._canonical_name(event.model_name),
            "aggregate_id": event.aggregate_id,
            "version": event.version,
            "state": state,
            "last_event_type": event.event_type,
            "last_event_date": event.timestamp,
            "company_id": event.company_id,
        }

    @api.model
    def _tell_source(self, aggregate_ids):
        """Let the business records follow their snapshots."""
        if self._source_model and aggregate_ids:
            self.env[self._source_model]._snapshots_changed(aggregate_ids)
