from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.models.event_store_validate import MAX_VERSION
from odoo.addons.event_sourcing_base.canonical_json import canonical, xml_escaped
from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_base.fields import sendable

MAX_STATES = 1000


class EventStoreStates(models.Model):
    """The states of all aggregates of a type."""

    _inherit = "event.store"

    @api.model
    def states_at(
        self, model_name=None, timestamp=None, limit=None, after=None, after_company_id=None
    ):
        """Return the states at a moment of the aggregates that had an event by then.

        Ask for the next page with ``after`` and ``after_company_id``, the ``aggregate_id`` and
        the ``company_id`` of the last one of this page; a page that is shorter than ``limit``
        is the last.

        :param timestamp: UTC, as in :meth:`append`; now where none is given
        :param int limit: how many aggregates, 100 where none is given
        :param str after: the aggregate id to go on after
        :param int after_company_id: of which company, where several have one of that id
        :return: list of dicts with ``aggregate_id``, ``company_id``, ``version``, ``status``,
            ``state`` (False over XML-RPC where that cannot carry it), ``state_json`` and
            ``message``, which says why there is no state where an aggregate cannot be folded
        :raise UserError: for bad input, or when no handler folds the aggregate type
        """
        self = self._with_user_lang()
        check_access(self.browse(), "read")
        model_name = self._clean_model_name(model_name)
        moment = self._clean_timestamp(timestamp)
        limit = self._clean_number("limit", limit) or 100
        if limit > MAX_STATES:
            raise UserError(
                _("limit can be at most %(limit)s; ask page by page.", limit=MAX_STATES)
            )
        after = self._clean_name("after", after, optional=True) or ""
        company_id = self._clean_number("after_company_id", after_company_id)
        streams = self.env["event.stream"]
        behind = MAX_VERSION  # id of the head to go on after, of those of one aggregate id
        if company_id:
            names = [("model_name", "=", model_name), ("aggregate_id", "=", after)]
            behind = streams.search([*names, ("company_id", "=", company_id)]).id or MAX_VERSION
        self.env["snapshot.handler.registry"]._check_can_fold(model_name)
        found = []
        while len(found) < limit:
            # With the rights of the user: a stream of another company is not listed.
            heads = streams.search(
                [
                    ("model_name", "=", model_name),
                    *("|", ("aggregate_id", ">", after)),
                    *("&", ("aggregate_id", "=", after), ("id", ">", behind)),
                ],
                order="aggregate_id, id",
                limit=limit,
            )
            if not heads:
                break
            keys = [(head.company_id.id, head.aggregate_id) for head in heads]
            behind, after = heads[-1].id, heads[-1].aggregate_id
            folded = self.sudo()._fold_streams(model_name, keys, (moment,))
            found += [
                self._state_answer(key, fold)
                for key in keys
                for fold in folded[key]
                if fold.version or fold.problem
            ]
            if len(heads) < limit:
                break
        return found[:limit]

    @api.model
    def _state_answer(self, key, fold):
        message = "" if fold.problem is None else self._problem_text(fold)
        state = {} if message else fold.state
        return {
            "aggregate_id": key[1],
            "company_id": key[0],
            "version": fold.version,
            "status": str(state.get("status") or ""),
            "state": False if message else sendable(state),
            "state_json": xml_escaped(canonical(state)),
            "message": message,
        }
