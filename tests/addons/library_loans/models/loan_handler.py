from odoo import _, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.transitions import PayloadField, Transition


class LoanHandler(models.AbstractModel):
    _name = "loan.snapshot.handler"  # serves the aggregate type "loan"
    _description = "Rules of a loan"
    _inherit = "snapshot.handler"
    _snapshot_model = "loan.snapshot"
    _initial_status = "requested"
    _transitions = {
        "Lent": Transition("requested", "lent"),
        "Extended": Transition("lent"),
        "Returned": Transition("lent", "returned"),
    }
    _payload_fields = {
        "Lent": {
            "reader": PayloadField("text", required=True),
            "due": PayloadField("date", required=True),
        },
        "Extended": {"due": PayloadField("date", required=True)},
    }

    def _evolve(self, state, event):
        if event.event_type == "Extended" and event.payload["due"] <= state["due"]:
            raise UserError(_("An extension must end later than %(due)s.", due=state["due"]))
        return {**state, **event.payload}

    # Version 1 of "Lent" called the day "until", and "Extended" was called "Prolonged".
    _schema_versions = {"Lent": 2}
    _upcasters = {"Lent": {1: "_lent_2"}}
    _event_aliases = {"Prolonged": "Extended"}

    def _lent_2(self, payload, event):
        return {"reader": payload["reader"], "due": payload["until"]}
