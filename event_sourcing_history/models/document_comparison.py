from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_datetime

from odoo.addons.event_sourcing.canonical_json import parse_object
from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES

MAX_EVENTS = 200


class DocumentComparison(models.AbstractModel):
    """One aggregate then and now: what the screen "As of" shows."""

    _inherit = "event.document"

    @api.model
    def compare(self, model_name, aggregate_id, version=False, timestamp=False, company_id=False):
        """Return an aggregate as it was after a version, or at a moment, beside today.

        :param int version: 0 for before the first event
        :param timestamp: UTC
        :param int company_id: whose stream; as for ``event.store.state_at``
        :return: dict with ``message`` (a sentence where there is something to say),
            ``then`` and ``now`` (headings), ``rows`` (see ``_difference_rows``) and
            ``events`` since: dicts with ``id``, ``label``, ``when``, ``who``,
            ``outcome`` and ``reason``
        :raise AccessError: without the right to read the stream
        """
        store = self.env["event.store"]
        at = {"version": version} if version is not False else {"timestamp": timestamp}
        try:
            now = store.state_at(model_name, aggregate_id, company_id=company_id)
            then = store.state_at(model_name, aggregate_id, company_id=company_id, **at)
            key, _head = store._readable_stream(model_name, aggregate_id, company_id)
        except UserError as error:
            if type(error) is not UserError:
                raise
            return {"message": str(error), "then": "", "now": "", "rows": [], "events": []}
        return {
            "message": self._about_moment(model_name, key, then, timestamp),
            "then": _("After version %(version)s", version=then["version"]),
            "now": _("Now (version %(version)s)", version=now["version"]),
            "rows": self._difference_rows(
                parse_object(then["state_json"]),
                parse_object(now["state_json"]),
                model_name,
                unchanged=True,
            ),
            "events": self._events_since(model_name, key, version, timestamp),
        }

    @api.model
    def _about_moment(self, model_name, key, then, timestamp):
        """Return a sentence about a moment before the first event, or in the future."""
        store = self.env["event.store"]
        # The first to happen: events may be recorded in another order, also before their time.
        first = store.search(self._of_stream(model_name, key), order="timestamp, version", limit=1)
        if not first:
            return _("%(aggregate)s has no events yet.", aggregate=key[1])
        if not then["version"]:
            return _(
                "Nothing had happened yet: the first event is of %(moment)s.",
                moment=format_datetime(self.env, first.timestamp, tz=self.env.context.get("tz")),
            )
        moment = timestamp and store._clean_timestamp(timestamp)
        if moment and moment > fields.Datetime.now():
            later = [*self._of_stream(model_name, key), ("timestamp", ">", moment)]
            if store.search(later, limit=1):
                return _(
                    "This lies in the future: events that are recorded for an even later time are"
                    " left out."
                )
            return _("This lies in the future: what you see is how it is now.")
        return ""

    @api.model
    def _of_stream(self, model_name, key):
        stream = self.env["event.store"]._of_stream(model_name, *key)
        return [*stream, ("event_type", "not in", FAILURE_TYPES)]

    @api.model
    def _events_since(self, model_name, key, version, timestamp):
        """Return the events that the state then does not know, newest first."""
        store = self.env["event.store"]
        if version is not False:
            later = [("version", ">", version)]
        else:
            later = [("timestamp", ">", store._clean_timestamp(timestamp))]
        events = store.search(
            self._of_stream(model_name, key) + later,
            order="version desc",
            limit=MAX_EVENTS,
        )
        outcomes = dict(store._fields["outcome"]._description_selection(self.env))
        return [
            {
                "id": event.id,
                "version": event.version,
                "label": event.event_label,
                "when": format_datetime(self.env, event.timestamp, tz=self.env.context.get("tz")),
                "who": event.create_uid.sudo().name,
                "outcome": event.outcome,
                "outcome_label": outcomes[event.outcome],
                "reason": event.error_message or "",
            }
            for event in events
        ]
