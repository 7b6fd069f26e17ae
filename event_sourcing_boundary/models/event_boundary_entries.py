from odoo import _, api, models

from odoo.addons.event_sourcing_base.canonical_json import sort_keys
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error


class EventBoundaryEntries(models.AbstractModel):
    _inherit = "event.boundary"

    @api.model
    def _entries_of(self, model_name, heads):
        """Fold streams, and return which of their events this boundary is about.

        :param dict heads: ``{(company id, aggregate id): version of the last event}``
        :return: ``(entries, problems)``: dicts with ``company_id``, ``aggregate_id``,
            ``version``, ``key`` and ``details``; and what could not be read, ``{key: sentence}``
        """
        handler, types = self._handler_of(model_name), self._event_types()[model_name]
        if handler is None:
            return [], {}
        entries, states, seen = [], {}, {}
        store = self.env["event.store"]
        away = store._unreadable(model_name, heads)
        problems = {key: str(reason) for key, reason in away.items()}
        after_none = {key: 0 for key in heads if key not in away}
        for event, outcome in store._read_streams(model_name, after_none) if after_none else ():
            key = event.key
            gap = event.version != seen.get(key, 0) + 1
            seen[key] = event.version
            if gap and key not in problems:
                problems[key] = _("%(aggregate)s: events are in an archive.", aggregate=key[1])
            if outcome != "applied" or key in problems:
                continue
            before = states.get(key)
            before = handler._initial_state() if before is None else before
            try:
                states[key] = after = handler._fold(sort_keys(before), event)
                today = handler._upcast(event)
                keys = self._keys_of(today, before, after) if today.event_type in types else {}
            except Exception as error:
                if is_infrastructure_error(error):
                    raise
                text = store._error_text(error)
                problems[key] = f"{key[1]}: {text}"
                continue
            where = {"company_id": key[0], "aggregate_id": key[1], "version": event.version}
            entries += [{**where, "key": k, "details": about.details} for k, about in keys.items()]
        for key, version in heads.items():
            if version and seen.get(key) != version and key not in problems:
                problems[key] = _("%(aggregate)s: events are in an archive.", aggregate=key[1])
        return entries, problems
