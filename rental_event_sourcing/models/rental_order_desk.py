from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.arguments import shown, whole
from odoo.addons.event_sourcing_base.compat import check_access

from .. import money
from .rental_order_actions import CANCELLATIONS, FINAL, WITH_DIALOG
from .rental_snapshot import STATUSES

# Which button records an event; what it asks first, the board and the Action menu ask, too.
BUTTONS = {
    "DemoStarted": "action_start_demo",
    "DemoExtended": "action_extend_demo",
    "DemoCancelled": "action_ask_cancel_demo",
    "RentalConfirmed": "action_confirm",
    "RentalCancelled": "action_ask_cancel",
    "UnitsAssigned": "action_assign_units",
    "EquipmentDelivered": "action_deliver",
    "RentalExtended": "action_extend",
    "RentalShortened": "action_shorten",
    "ProductExchanged": "action_exchange_product",
    "PriceChanged": "action_change_price",
    "DamageReported": "action_report_damage",
    "EquipmentReturned": "action_return",
    "RentalInvoiced": "action_invoice",
    "ContractAgreed": "action_agree",
    "RentalClosed": "action_ask_close",
    **money.BUTTONS,
    # Last, so that the board takes them only where nothing else leads to a status.
    "DeliveryCorrected": "action_correct_delivery",
    "ReturnCorrected": "action_correct_return",
}
# The entries of the Action menu: their XML ids end as the buttons' methods do.
MENU = {
    button.removeprefix("action_").removeprefix("ask_"): event_type
    for event_type, button in BUTTONS.items()
}


class RentalOrderDesk(models.Model):
    """How a person meets the rules: told before rather than after, on the board and in menus."""

    _inherit = "rental.order"

    def action_choose(self, event_type):
        """Do what the Action menu offers, for one rental or many.

        What a button asks for one is asked here, too; and of many it is said first for how many
        of them it is possible, because what was recorded stays recorded.

        :param str event_type: one of the handler's
        :return: an action: the dialog, or a notice of what was done
        :raise UserError: without a rental, or for an event that rentals do not know
        """
        check_access(self, "write")
        self._event_label(event_type)
        if not self:
            raise UserError(_("Select at least one rental first."))
        asked = (*WITH_DIALOG, *CANCELLATIONS, *FINAL, "UnitsAssigned")
        if len(self) > 1 or event_type in asked:
            return self._ask(event_type)
        return getattr(self, BUTTONS[event_type])()

    def action_move_to(self, status):
        """Record the event that leads to a status, as its button does; for the board.

        :param str status: of the column on which a card was dropped
        :return: an action, or a notice that no event leads there
        """
        self.ensure_one()
        check_access(self, "write")
        labels = dict(STATUSES)
        if not isinstance(status, str) or status not in labels:
            raise UserError(
                _(
                    "Rentals know no status %(status)s; use one of: %(known)s.",
                    status=shown(status),
                    known=", ".join(labels),
                )
            )
        transitions = self.env["rental.snapshot.handler"]._transitions
        for event_type, button in BUTTONS.items():
            step = transitions[event_type]
            if status in step.targets and self.status in step.sources:
                return getattr(self, button)()
        handler = self.env["rental.snapshot.handler"]
        known = dict(self._fields["status"]._description_selection(self.env))
        return self._notification(
            _("Not possible"),
            _(
                "%(name)s is %(rental)s: no single step leads from there to “%(status)s”.",
                name=self.name,
                rental=handler._rental_in(self.status),
                status=known[status],
            ),
            "warning",
        )

    @api.model
    def action_menu_statuses(self):
        """Return ``{id of an entry of the Action menu: statuses in which it is possible}``."""
        check_access(self, "read")
        transitions = self.env["rental.snapshot.handler"]._transitions
        found = {}
        for name, event_type in MENU.items():
            action = self.env.ref(
                f"rental_event_sourcing.rental_order_action_{name}", raise_if_not_found=False
            )
            if action:
                found[str(action.id)] = list(transitions[event_type].sources)
        return found

    def changed_since(self, version, button=None):
        """Return what happened since a page was loaded, False where there is nothing to say.

        :param int version: how many events the page knows of
        :param str button: the method that the page is about to call; what would be refused is
            left to the refusal, which says more
        :return: a sentence, or False
        """
        self.ensure_one()
        check_access(self, "read")
        version = whole(self.env, "version", version, least=0)
        if not version or self.event_count <= version:
            return False
        event_type = next((name for name, known in BUTTONS.items() if known == button), None)
        if button and (event_type is None or self._rule_in_the_way(event_type)):
            return False
        store = self.env["event.store"].sudo()
        company_id, aggregate_id = self._stream_key()
        stream = store._of_stream(self._aggregate_model, company_id, aggregate_id)
        event = store.search([*stream, ("version", ">", version)], order="version desc", limit=1)
        return _(
            "%(name)s has changed in the meantime: %(event)s, by %(who)s.",
            name=self.name,
            event=self._event_label(event.event_type)
            if event.outcome == "applied"
            else _("an attempt was rejected"),
            who=event.create_uid.name or "",
        )

    def _rule_in_the_way(self, event_type):
        step = self.env["rental.snapshot.handler"]._transitions[event_type]
        return bool(step.sources) and self.status not in step.sources


class EventStore(models.Model):
    _inherit = "event.store"

    def _why(self):
        """Return the button of a notice that shows these refused attempts, None without any."""
        if not self:
            return None
        action = {
            "type": "ir.actions.act_window",
            "name": _("Rejected Attempts"),
            "res_model": self._name,
            "view_mode": "list,form",
            "views": [(False, "list"), (False, "form")],
            "domain": [("id", "in", self.ids)],
        }
        return {"label": _("Show"), "action": action}
