from odoo import _, api, models
from odoo.exceptions import UserError

from ..canonical_json import canonical, carried, rpc_safe
from ..compat import check_access

MAX_STATES = 1000


class EventStoreStatesAt(models.Model):
    """The states of all aggregates of a type at a moment, a page at a time."""

    _inherit = "event.store"

    @api.model
    def states_at(self, model_name=None, timestamp=None, limit=None, after=None):
        """Return the states at a moment of the aggregates that had an event by then.

        Ask for the next page with ``after`` the last ``aggregate_id`` of this one; a page
        that is shorter than ``limit`` is the last.

        :param timestamp: UTC, as in :meth:`append`; now where none is given
        :param int limit: how many aggregates, 100 where none is given
        :param str after: the aggregate id to go on after
        :return: list of dicts with ``aggregate_id``, ``version``, ``status``, ``state``
            (or False where XML-RPC could not carry it), ``state_json`` and ``message``,
            which says why there is no state where an aggregate cannot be folded
        :raise UserError: for bad input, or when no handler folds the aggregate type
        """
        self = self._speaking_to_user()
        check_access(self.browse(), "read")
        model_name = self._clean_model_name(model_name)
        moment = self._clean_timestamp(timestamp)
        limit = self._clean_number("limit", limit) or 100
        if limit > MAX_STATES:
            raise UserError(
                _("limit can be at most %(limit)s; ask page by page.", limit=MAX_STATES)
            )
        after = self._clean_name("after", after, optional=True) or ""
        self.env["event.job"]._check_can_fold(model_name)
        found = []
        while len(found) < limit:
            # With the rights of the user: a stream of another company is not listed.
            heads = self.env["event.stream"].search(
                [("model_name", "=", model_name), ("aggregate_id", ">", after)],
                order="aggregate_id",
                limit=limit,
            )
            if not heads:
                break
            ids = heads.mapped("aggregate_id")
            after = ids[-1]
            folded = self.sudo()._fold_streams(model_name, ids, (moment,))
            found += [
                self._state_answer(aggregate_id, fold)
                for aggregate_id in ids
                for fold in folded[aggregate_id]
                if fold.version or fold.problem
            ]
            if len(heads) < limit:
                break
        return found[:limit]

    @api.model
    def _state_answer(self, aggregate_id, fold):
        message = "" if fold.problem is None else self._problem_text(fold)
        state = {} if message else fold.state
        return {
            "aggregate_id": aggregate_id,
            "version": fold.version,
            "status": str(state.get("status") or ""),
            "state": state if rpc_safe(state) and not message else False,
            "state_json": carried(canonical(state)),
            "message": message,
        }
