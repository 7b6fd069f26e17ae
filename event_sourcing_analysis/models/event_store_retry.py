from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing.event_columns import DECIDED_BY_STORE
from odoo.addons.event_sourcing.models.event_store import SYSTEM_ERROR


class EventStoreRetry(models.Model):
    """After a bug is repaired: its failed events, recorded anew and once.

    History stays as it is. What failed is appended again as an event of its own, caused
    by the failed one and named as its retry: a second click, a second person or a retry of
    the request finds it stored.
    """

    _inherit = "event.store"
    # Events that are folded together, in one savepoint.
    _apply_again_chunk = 500

    retry_event_id = fields.Many2one(
        "event.store",
        string="Retried As",
        compute="_compute_retry_event",
        help="The event that recorded the failed one anew.",
    )
    can_apply_again = fields.Boolean(string="Can Retry", compute="_compute_retry_event")

    @api.depends("outcome", "event_type", "failed_event_id", "failure_ids", "retry_ids")
    def _compute_retry_event(self):
        failures = {event: event._own_failure() for event in self}
        found = self.search([("retry_of_id", "in", [f.id for f in failures.values() if f])])
        stored = {event.retry_of_id.id: event for event in found}
        repeats = self.browse().concat(*failures.values())._possible_repeats()
        for event, failure in failures.items():
            # Another cursor's failure event stands for an event that was never stored.
            stands = event.outcome == "failed" or not event.failed_event_id
            retry = stored.get(failure.id) or failure._repeat_among(repeats)
            event.retry_event_id = retry if stands else False
            event.can_apply_again = bool(failure) and stands and not retry

    def _possible_repeats(self):
        """Return the events that have the UUID of an attempt recorded apart, among self.

        Their own, or since they apply such an attempt again: what was attempted may have been
        recorded apart more than once, by several people or under several names of its type.
        """
        given = [failure.attempt_uuid for failure in self if failure.attempt_uuid]
        if not given:
            return self.browse()
        sent = self.search([("event_uuid", "in", given)])
        return sent | self.search([("retry_of_id.attempt_uuid", "in", given)])

    def _repeat_among(self, events):
        """Return the event by which an attempt recorded apart was repeated, by its sender mostly.

        Whatever became of that: where it failed, too, it is that event which waits. The inbox
        asks the same of the database, see ``event.error._outstanding_sql``.
        """
        if not self.attempt_uuid:
            return self.browse()
        said = self._attempted()
        return events.filtered(
            lambda event: (
                self.attempt_uuid in (event.event_uuid, event.retry_of_id.attempt_uuid)
                and said == event._content_key(event.event_type, event.payload)
            )
        )[:1]

    def _not_repeated(self):
        """Return self without what was repeated since, and each attempt once."""
        repeats, seen, left = self._possible_repeats(), set(), self.browse()
        for failure in self.sorted("id"):
            if failure.attempt_uuid:
                said = (failure.attempt_uuid, *failure._attempted())
                if said in seen or failure._repeat_among(repeats):
                    continue
                seen.add(said)
            left += failure
        return left

    def _own_failure(self):
        """Return the technical failure event that this event is, or has; empty without one."""
        if self.event_type == SYSTEM_ERROR:
            return self
        if self.outcome != "failed":
            return self.browse()
        domain = [("failed_event_id", "=", self.id), ("event_type", "=", SYSTEM_ERROR)]
        return self.search(domain, limit=1)

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
        self = self._with_user_lang()
        self._check_may_apply_again()
        if not self._own_failure():
            raise UserError(_("This event did not fail, so there is nothing to retry."))
        return self._notification(self._last_failure()._apply_again())

    def _last_failure(self):
        """Return the failure of the newest try, empty when that one did not fail."""
        failure = self._own_failure()
        while failure:
            retry = self.search([("retry_of_id", "=", failure.id)], limit=1)
            if not retry and failure.attempt_uuid:
                retry = failure._repeat_among(failure._possible_repeats())
            if not retry:
                return failure
            failure = retry._own_failure()
        return failure

    @api.model
    def _check_may_apply_again(self):
        if not self.env.su and not self.env.user.has_group(
            "event_sourcing.event_store_group_manager"
        ):
            raise AccessError(
                _(
                    "Only an Event Sourcing manager may decide about errors and retry failed"
                    " events; ask one, or your administrator."
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
                    "The failed events belong to a company that you have no access to; ask"
                    " somebody of that company to retry them."
                )
            )
        for model_name in set(self.mapped("model_name")):
            if self._find_handler(model_name) is None:
                raise UserError(
                    _(
                        "This database has no handler for the events of %(aggregate)s any more."
                        " Install the addon that brings it, then retry.",
                        aggregate=model_name,
                    )
                )
        store = self.browse().with_context(allowed_company_ids=companies.ids)
        tally = Counter()
        failures = self.with_context(allowed_company_ids=companies.ids)._not_repeated()
        failures = failures._in_stream_order()
        for start in range(0, len(failures), self._apply_again_chunk):
            chunk = failures[start : start + self._apply_again_chunk]
            vals_list = [failure._again_vals() for failure in chunk]
            keys = [("retry_of_id", failure.id) for failure in chunk]
            events, known = store._append_all(vals_list, ["record"] * len(chunk), keys)
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
                "timezone": self.timezone,
                "correlation_id": self.correlation_id,
                "schema_version": self.payload.get("failed_schema_version", 1),
                "company_id": self.company_id.id,
            }
        vals.pop("event_uuid", None)
        return {**vals, "causation_id": self.causation_id}

    @api.model
    def _notification(self, tally, left=0):
        """Return the action that tells what came of applying events again.

        :param Counter tally: from :meth:`_apply_again`
        :param int left: how many still wait for another press
        """
        if not tally:
            message = _("There was nothing left to retry.")
        else:
            message = _(
                "Applied: %(applied)s; rejected by a rule now: %(refused)s; failed again:"
                " %(failed)s.",
                applied=tally["applied"],
                refused=tally["rejected"],
                failed=tally["failed"],
            )
        if left:
            message += " " + _("Still waiting: %(left)s; press Retry once more.", left=left)
        return {
            "type": "ir.actions.client",
            "tag": "event_sourcing_tell",
            "params": {
                "title": _("Retry"),
                "message": message,
                "type": "warning" if tally["failed"] or tally["rejected"] or left else "success",
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
