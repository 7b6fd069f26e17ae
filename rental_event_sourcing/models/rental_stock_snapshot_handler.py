from odoo import _, api, models

from odoo.addons.event_sourcing.exceptions import RuleViolation
from odoo.addons.event_sourcing.transitions import PayloadField, Transition

from .rental_owned_snapshot import WHY

# Which way a reason changes the quantity; a correction may go either way.
SIGNS = {"bought": 1, "lost": -1, "sold": -1, "corrected": 0}


def stock_reference(product_id):
    """Return the aggregate id of the quantity of a product: each company has one."""
    return f"P{product_id}"


class RentalStockSnapshotHandler(models.AbstractModel):
    """The rules of a quantity: how many pieces a company owns of a product."""

    _name = "rental.stock.snapshot.handler"
    _description = "Rules of a Quantity"
    _inherit = ["rental.owned.rules", "snapshot.handler"]
    _aggregate_model = "rental_stock"
    _snapshot_model = "rental.stock.snapshot"
    _source_model = "rental.stock"
    _initial_status = "counted"
    _transitions = {"QuantityChanged": Transition()}
    _payload_fields = {
        "QuantityChanged": {
            "product_id": PayloadField(
                "integer", required=True, minimum=1, model="product.product"
            ),
            "change": PayloadField("integer", required=True),
            "why": PayloadField("text", required=True),
            "changed_on": PayloadField("date"),
        },
    }
    _event_icons = {"QuantityChanged": "fa-sort"}
    _event_examples = {
        "QuantityChanged": {
            "product_id": 1,
            "change": 5,
            "why": "bought",
            "changed_on": "2026-01-31",
        },
    }

    def _evolve(self, state, event):
        """Return the state after ``event``: how many there are now."""
        change, why = event.payload["change"], event.payload["why"]
        owned = state.get("quantity", 0)
        self._check_change(change, why)
        if owned + change < 0:
            message = _(
                "Only %(owned)s are owned, so %(fewer)s cannot go; enter at most %(owned)s.",
                owned=owned,
                fewer=-change,
            )
            raise RuleViolation(message, "below_zero")
        return {
            **state,
            "product_id": event.payload["product_id"],
            "quantity": owned + change,
            "last_change": change,
            "last_why": why,
            "changed_on": event.payload.get("changed_on") or str(event.business_date),
        }

    @api.model
    def _check_change(self, change, why):
        if why not in SIGNS:
            message = _(
                "“%(why)s” is no reason for another quantity; use one of: %(known)s.",
                why=why,
                known=", ".join(SIGNS),
            )
            raise RuleViolation(message, "unknown_reason")
        if change == 0:
            raise RuleViolation(_("The quantity would stay as it is; enter a change."), "no_change")
        if SIGNS[why] * change < 0:
            if change < 0:
                message = _("What is bought makes the quantity larger; the change is above 0.")
            else:
                message = _("What is lost or sold makes it smaller; the change is below 0.")
            raise RuleViolation(message, "wrong_direction")

    @api.model
    def _check_new(self, event):
        """Refuse a wrong reference, or a product that is counted by serial number."""
        super()._check_new(event)
        product_id = event.payload["product_id"]
        self._check_counting(product_id, "quantity")
        self._check_reference(event, stock_reference(product_id))

    # ------------------------------------------------------------------
    # In words
    # ------------------------------------------------------------------

    def _records_label(self):
        return _("Quantities")

    def _event_labels(self):
        return {"QuantityChanged": _("Quantity changed")}

    def _status_labels(self):
        return {"counted": _("Quantity Counted")}

    def _payload_labels(self):
        return {
            "product_id": _("Product"),
            "change": _("Change"),
            "why": _("Why"),
            "changed_on": _("Changed on"),
            "quantity": _("Quantity owned"),
            "last_change": _("Last change"),
            "last_why": _("Why it changed last"),
            "status": _("Status"),
        }

    def _event_help(self):
        return {"QuantityChanged": _("The company owns more or fewer pieces of a product.")}

    def _payload_help(self):
        return {
            "product_id": _("Of which product; it must be counted by quantity."),
            "change": _("How many more; with a minus how many fewer."),
            "why": _(
                "One of %(known)s.",
                known=", ".join(name for name, _label in WHY),
            ),
            "changed_on": _("Since when; the day of the event if left out."),
        }

    def _rule_labels(self):
        return {
            "below_zero": _("Fewer are owned than would go."),
            "unknown_reason": _("The reason for another quantity is not known."),
            "no_change": _("The quantity would stay as it is."),
            "wrong_direction": _("The change goes against its reason."),
            "unknown_product": _("There is no such product."),
            "counted_otherwise": _("The product is counted in another way."),
            "other_reference": _("The reference is not the one that the product gives."),
        }
