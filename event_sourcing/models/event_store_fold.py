from odoo import api, models

from ..retry import must_retry


class _Undo(Exception):
    """Leaves a savepoint so that it is rolled back."""


class EventStoreFold(models.Model):
    """Folding new events into their snapshots, together where all goes well."""

    _inherit = "event.store"

    @api.model
    def _find_handler(self, model_name):
        """Return the handler of an aggregate type, with full rights, or None.

        Folding needs every event, whoever appends; the right to append was checked.
        """
        return self.env["snapshot.handler.registry"].sudo()._find(model_name)

    @api.model
    def _current_schema_version(self, model_name, event_type):
        """Return the schema version in which an event type is written today."""
        versions = getattr(self._find_handler(model_name), "_schema_versions", {})
        return versions.get(event_type, 1)

    @api.model
    def _today_event_type(self, model_name, event_type):
        """Return what an event type is called today."""
        aliases = getattr(self._find_handler(model_name), "_event_aliases", {})
        return aliases.get(event_type, event_type)

    def _fold_new(self, policies):
        """Fold events that were just inserted, and settle what became of them.

        All streams are folded in one savepoint. Where something goes wrong, only the
        streams concerned are folded again, event by event, each in a savepoint of
        its own: a bad event neither spoils its neighbours nor leaves half a write.

        :param list policies: for each event of self a policy, or None
        """
        together, alone = {}, {}
        for event in self.sudo():
            handler = self._find_handler(event.model_name)
            if handler is None:
                continue
            streams = together if self._folds_in_memory(handler) else alone
            key = event.model_name, event.aggregate_id
            streams[key] = streams.get(key, event.browse()) + event
        while together:
            troubled = self._fold_together(together)
            if not troubled:
                break
            alone.update((key, together.pop(key)) for key in troubled)
        problems = {}
        for events in alone.values():
            problems.update(events._fold_one_by_one())
        if problems:
            self._settle(problems, dict(zip(self.ids, policies, strict=True)))

    @api.model
    def _folds_in_memory(self, handler):
        """Whether the handler is the engine's own kind, without its own apply_event."""
        base = self.env.registry["snapshot.handler"]
        return isinstance(handler, base) and type(handler).apply_event is base.apply_event

    @api.model
    def _fold_together(self, streams):
        """Fold whole streams in memory and write each snapshot once.

        :param dict streams: ``{(model_name, aggregate_id): events}``
        :return: keys of the streams in which something went wrong; then nothing of
            this call was written
        """
        troubled = set()
        by_model = {}
        for (model_name, aggregate_id), events in streams.items():
            by_model.setdefault(model_name, {})[aggregate_id] = events
        try:
            with self.env.cr.savepoint():
                for model_name, aggregates in by_model.items():
                    handler = self._find_handler(model_name)
                    try:
                        wrong = handler._apply_together(model_name, aggregates)
                    except Exception as error:
                        # Also what fails because a stream before it broke the transaction.
                        if must_retry(error):
                            raise
                        wrong = aggregates
                    troubled.update((model_name, aggregate_id) for aggregate_id in wrong)
                if troubled:
                    raise _Undo
        except _Undo:
            return troubled
        return set()

    def _fold_one_by_one(self):
        """Apply the events of one stream, each in its own savepoint.

        :return: ``{event id: exception}`` of those that were refused or failed
        """
        problems = {}
        for event in self:
            handler = self._find_handler(event.model_name)
            try:
                with self.env.cr.savepoint():
                    handler.apply_event(event)
            except Exception as error:
                if must_retry(error):
                    raise
                problems[event.id] = error
        return problems
