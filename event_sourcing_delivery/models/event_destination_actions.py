import uuid
from datetime import datetime, timezone

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.compat import check_access
from odoo.addons.event_sourcing_feed.models.event_feed import FeedEvent
from odoo.addons.event_sourcing_feed.models.event_subscription import MANAGER

from ..message import DONE
from ..sending import Senders, send
from .event_destination_read import message_of

TEST_TYPE = ("event_sourcing", "TestSent")
OPEN = ("waiting", "behind", "dead")


class EventDestinationActions(models.Model):
    """What managers do with destinations."""

    _inherit = "event.destination"

    waiting_count = fields.Integer(
        string="Not Delivered",
        compute="_compute_waiting_count",
        help="Events that it did not take, and those that wait behind them.",
    )

    @api.depends("subscription_id")
    def _compute_waiting_count(self):
        tasks = self.env["event.reaction.task"]
        for destination in self:
            domain = destination._waiting_domain()
            destination.waiting_count = tasks.search_count(domain) if destination.id else 0

    def _waiting_domain(self):
        subscription = self.sudo().subscription_id
        return [("subscription_id", "=", subscription.id), ("state", "in", OPEN)]

    def _managed(self):
        """Return the destinations with full rights, for whoever may change them."""
        if not self.env.user.has_group(MANAGER):
            raise UserError(_("Only managers of the event store may do this."))
        check_access(self, "write")
        return self.sudo()

    def action_start(self):
        """Send what waits, and what comes."""
        for destination in self._managed():
            destination._sender()
            destination.subscription_id.action_resume()
        self._clear_alerts()
        return True

    def action_pause(self):
        """Send nothing for now; nothing is lost."""
        self._managed().subscription_id.action_pause()
        self._clear_alerts()
        return True

    def action_open_waiting(self):
        """Open the events that were not delivered."""
        self.ensure_one()
        check_access(self, "read")
        return {
            "type": "ir.actions.act_window",
            "name": _("Not Delivered"),
            "res_model": "event.reaction.task",
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": self._waiting_domain(),
        }

    def action_test(self):
        """Send an event that says nothing, and show what the receiver answers."""
        self.ensure_one()
        destination = self._managed()
        if destination.is_foreign:
            raise UserError(self._foreign_sentence())
        message = destination._test_message()
        sender = destination._sender()()
        try:
            result = send(sender, message)
        finally:
            sender.close()
        self.env["event.delivery"].sudo()._note(destination, [(message, result)])
        done = result.state == DONE
        sentence = _("The receiver took the test: %(answer)s", answer=result.answer)
        if not done:
            sentence = _("The test did not arrive: %(answer)s", answer=result.answer)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if done else "danger",
                "message": sentence,
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def _test_message(self):
        event = FeedEvent(
            model_name=TEST_TYPE[0],
            aggregate_id="test",
            event_type=TEST_TYPE[1],
            payload={},
            version=1,
            timestamp=datetime.now(timezone.utc).replace(tzinfo=None, microsecond=0),
            event_uuid=str(uuid.uuid4()),
        )
        return message_of(event, self._source_of(self.env.company.id))

    # ------------------------------------------------------------------
    # Senders and alerts
    # ------------------------------------------------------------------

    def _sender(self):
        """Return a function that connects a sender for one thread; see ``Senders``.

        Of each kind of destination an addon brings ``_sender_<kind>``.

        :raise UserError: where something is missing, such as a secret
        """
        self.ensure_one()
        return getattr(self, f"_sender_{self.kind}")()

    def _senders(self):
        """Return ``Senders``, which begin with the first line that they are given.

        Kinds that do not send in threads of their own bring ``_senders_<kind>``.

        :raise UserError: where something is missing, such as a secret
        """
        own = getattr(self, f"_senders_{self.kind}", None)
        return own() if own else Senders(self._sender())

    @api.model
    def _source_of(self, company_id):
        """Return the URI of this database and one of its companies."""
        database = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return f"odoo:{database}/company/{company_id}"

    def _raise_alert(self, sentence):
        """Tell managers; ``sentence`` is a name of a method that says what is wrong."""
        number = self.id
        self.env["event.alert"]._raise_alert(
            self._alert_key(),
            self._name,
            number,
            lambda env: getattr(env["event.destination"].sudo().browse(number), sentence)(),
        )

    def _clear_alerts(self):
        for destination in self:
            self.env["event.alert"]._clear_alert(destination._alert_key())

    def _alert_key(self):
        return f"destination:{self.id}"

    def _stopped_sentence(self):
        return _("The destination %(name)s was stopped and is sent no events.", name=self.name)

    def _outage_sentence(self):
        return _(
            "The destination %(name)s cannot be reached; events wait for it, and it is tried"
            " again.",
            name=self.name,
        )
