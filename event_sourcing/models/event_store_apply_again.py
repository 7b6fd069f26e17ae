from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from ..attempts import retry_uuid
from .event_store import SYSTEM_ERROR
from .event_store_input import DECIDED_BY_STORE


class EventStoreApplyAgain(models.Model):
    """After a bug is repaired: its failed events, recorded anew and once.

    History stays as it is. What failed is appended again as an event of its own, caused
    by the failed one and with a UUID that follows from it: a second click, a second
    person or a retry of the request finds it stored.
    """

    _inherit = "event.store"
    # Events that are folded together, in one savepoint.
    _apply_again_chunk = 500

    retry_event_id = fields.Many2one(
        "event.store",
        string="Applied Again As",
        compute="_compute_retry_event",
        help="The event that recorded the failed one anew.",
    )
    can_apply_again = fields.Boolean(compute="_compute_retry_event")

    @api.depends("event_uuid", "outcome", "event_type", "causation_id")
    def _compute_retry_event(self):
        wanted = {event: event._retry_uuid() for event in self}
        found = self.search([("event_uuid", "in", [uuid for uuid in wanted.values() if uuid])])
        stored = {event.event_uuid: event for event in found}
        for event, uuid in wanted.items():
            # Another cursor's failure event stands for an event that was never stored.
            stands = event.outcome == "failed" or not event.failed_event_id
            retry = stored.get(uuid, self.browse())
            event.retry_event_id = retry if stands else False
            event.can_apply_again = bool(uuid) and stands and not retry

    def _retry_uuid(self):
        """Return the UUID of the next try of what failed here, or False."""
        if self.event_type == SYSTEM_ERROR:
            return retry_uuid(self.causation_id)
        return self.outcome == "failed" and retry_uuid(self.event_uuid)

    def action_open_retry(self):
        """Open the event that recorded this failed one anew."""
        self.ensure_one()
        return self.retry_event_id._open_form()

    def action_apply_again(self):
        """Record a failed event anew; where that was done and failed too, its newest try.

        :return: an action that says what came of it
        :raise AccessError: unless the user is a manager
        :raise UserError: for an event that did not fail
        """
        self.ensure_one()
        self = self._speaking_to_user()
        self._check_may_apply_again()
        if not self._retry_uuid():
            raise UserError(_("This event did not fail, so there is nothing to apply again."))
        return self._told(self._last_failure()._apply_again())

    def _last_failure(self):
        """Return the failure of the newest try, empty when that one did not fail."""
        failure = self
        if self.event_type != SYSTEM_ERROR:
            domain = [("failed_event_id", "=", self.id), ("event_type", "=", SYSTEM_ERROR)]
            failure = self.search(domain, limit=1)
        while failure:
            retry = self.search([("event_uuid", "=", failure._retry_uuid())])
            if not retry:
                return failure
            domain = [("failed_event_id", "=", retry.id), ("event_type", "=", SYSTEM_ERROR)]
            failure = self.search(domain, limit=1)
        return failure

    @api.model
    def _check_may_apply_again(self):
        if not self.env.su and not self.env.user.has_group(
            "event_sourcing.event_store_group_manager"
        ):
            raise AccessError(
                _(
                    "Only an Event Sourcing manager may decide about errors and apply failed"
                    " events again; ask one, or your administrator."
                )
            )

    def _apply_again(self):
        """Append what failed anew, a chunk at a time, each stream in its own order.

        :return: Counter of the new events by outcome; one that was stored already does
            not count
        :raise UserError: where nothing could apply the events
        """
        companies = self.company_id
        if not self.env.su and companies - self.env.user.company_ids:
            raise AccessError(
                _(
                    "The failed events belong to a company that you have no access to;"
                    " ask somebody of that company to apply them again."
                )
            )
        for model_name in set(self.mapped("model_name")):
            if self._find_handler(model_name) is None:
                raise UserError(
                    _(
                        "No handler of this database applies events of %(aggregate)s any more."
                        " Install the addon that brings it, then apply them again.",
                        aggregate=model_name,
                    )
                )
        store = self.browse().with_context(allowed_company_ids=companies.ids)
        tally = Counter()
        failures = self._in_stream_order()
        for start in range(0, len(failures), self._apply_again_chunk):
            chunk = failures[start : start + self._apply_again_chunk]
            vals_list = [failure._again_vals() for failure in chunk]
            events, known = store._append_all(vals_list, ["record"] * len(chunk))
            tally.update(event.outcome for event in events if event.id not in known)
        return tally

    def _in_stream_order(self):
        """Return self oldest first, but the events of one stream by version."""
        oldest = self.sorted("id")
        today = self.env["snapshot.handler.registry"]._canonical_name
        keys = {failure: (today(failure.model_name), failure.aggregate_id) for failure in oldest}
        streams = {}
        for failure in oldest:
            streams.setdefault(keys[failure], []).append(failure)
        turns = {
            key: iter(sorted(stream, key=lambda failure: (failure.version, failure.id)))
            for key, stream in streams.items()
        }
        return [next(turns[keys[failure]]) for failure in oldest]

    def _again_vals(self):
        """Return what this failure is about as values for a new event."""
        failed = self.failed_event_id
        if failed:
            vals = {
                name: field.convert_to_write(failed[name], failed)
                for name, field in failed._fields.items()
                if field.store and field.copy and name not in DECIDED_BY_STORE
            }
            vals["payload"] = failed.payload
        else:
            # It was refused to its sender, and only the attempt was kept.
            vals = {
                "model_name": self.model_name,
                "aggregate_id": self.aggregate_id,
                "event_type": self.payload["failed_event"],
                "payload": self.payload["failed_payload"],
                "timestamp": self.timestamp,
                "correlation_id": self.correlation_id,
                "schema_version": self.payload.get("failed_schema_version", 1),
                "company_id": self.company_id.id,
            }
        return {**vals, "event_uuid": self._retry_uuid(), "causation_id": self.causation_id}

    @api.model
    def _told(self, tally, left=0):
        """Return the action that tells what came of applying events again.

        :param Counter tally: from :meth:`_apply_again`
        :param int left: how many still wait for another press
        """
        if not tally:
            message = _("There was nothing left to apply again.")
        else:
            message = _(
                "Applied: %(applied)s; refused by a rule now: %(refused)s;"
                " failed again: %(failed)s.",
                applied=tally["applied"],
                refused=tally["rejected"],
                failed=tally["failed"],
            )
        if left:
            message += " " + _("Still waiting: %(left)s; press Apply Again once more.", left=left)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "title": _("Apply Again"),
                "message": message,
                "type": "warning" if tally["failed"] or tally["rejected"] or left else "success",
                "sticky": True,
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
