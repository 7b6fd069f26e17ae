from odoo import api, models

from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error

from ..exceptions import HistoryFoldError


class EventStoreFold(models.Model):
    """What is not folded in memory with its batch: stale streams, and what goes one by one."""

    _inherit = "event.store"

    @api.model
    def _refold_stale(self, heads, folded):
        """Fold the streams anew whose stored state is missing, or of other events or rules.

        Their snapshots are written again, too: a cache is never trusted over the events.

        :param dict heads: ``{(company id, model_name, aggregate_id): StreamHead}``; those concerned
            get the state that the events give, or a problem where they give none
        :param dict folded: as for :meth:`_fold_pending`
        """
        stale = {}
        for (company_id, model_name, aggregate_id), head in heads.items():
            if head.stale and model_name in folded:
                stale.setdefault(model_name, []).append((company_id, aggregate_id))
        for model_name, keys in stale.items():
            handler = folded[model_name].handler
            for key, fold in self._fold_to_now(handler, model_name, keys).items():
                problem = fold.problem and self._history_problem(model_name, key, fold)
                problem = problem or handler._heal(model_name, key, fold)
                full = key[0], model_name, key[1]
                if problem:
                    heads[full] = heads[full]._replace(problem=problem)
                    continue
                applied = fold.last.version if fold.last else 0
                # A head that was told otherwise is told so after the append.
                state = fold.state if applied else None
                heads[full] = heads[full]._replace(state=state, healed=applied)

    @api.model
    def _history_problem(self, model_name, key, fold):
        """Return the technical fault that a stream cannot be folded anew."""
        return HistoryFoldError(
            f"The state of {model_name}/{key[1]} is not stored, and its events cannot be folded:"
            f" {self._problem_text(fold)}"
        )

    @api.model
    def _narrow(self, error):
        """Return the streams in which something was refused, as far as can be told, or all."""
        found = set()
        for model_name, batch in error.folded.items():
            keys = list(batch.states)
            unfit = batch.handler._find_violations([batch.states[key] for key in keys])
            found.update((keys[index][0], model_name, keys[index][1]) for index in unfit)
        return found or error.streams

    # ------------------------------------------------------------------
    # One by one
    # ------------------------------------------------------------------

    def _apply_singly(self, policies, heads):
        """Apply stored events one by one, and settle what became of them.

        Each has a savepoint of its own: a bad event neither spoils its neighbours nor leaves
        half a write. For handlers that write their snapshots by themselves, and for streams
        of which the database refused something.

        :param dict policies: ``{event id: policy or None}``
        :param dict heads: ``{(company id, model_name, aggregate_id): StreamHead}`` of the streams
        :return: a ``Rejection`` where nothing of the batch is to stay, else None
        """
        problems, applied = {}, {}
        for event in self.sudo():
            key = event.company_id.id, event.model_name, event.aggregate_id
            handler = self._find_handler(event.model_name)
            applied.setdefault(key, heads[key].applied)
            error = heads[key].problem or event._apply_single(handler)
            if error is not None:
                problems[event.id] = error
            else:
                applied[key] = event.version
        if problems:
            rejection = self.sudo()._apply_policies_to_stored(problems, policies)
            if rejection:
                return rejection
        for statement in self.env["event.stream"]._applied_statement(heads, applied):
            self.env.cr.execute(*statement)
        return None

    def _apply_single(self, handler):
        """Apply one event in a savepoint; return the exception that stopped it, or None."""
        try:
            with self.env.cr.savepoint():
                handler.apply_event(self)
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            base = self.env.registry["snapshot.handler"]
            return handler._as_broken_rule(error) if isinstance(handler, base) else error
        return None

    @api.model
    def _boundaries_of(self, vals_list, handlers):
        """Return what decides about events of guarded types, None where nothing does; a hook.

        :param dict handlers: ``{model_name: handler or None}``
        :return: an object such as the ``BoundaryBatch`` of ``event_sourcing_boundary``
        """
        return None

    def _boundaries_of_stored(self, handler, event, state):
        """Return what decides about self, one event, beside its handler, or None; a hook.

        :param EventData event: self
        :param dict state: of its aggregate, before it
        """
        return None

    @api.model
    def _boundary_tools(self):
        """Return what ``testing`` tests boundaries with, None where there are none; a hook."""
        return None
