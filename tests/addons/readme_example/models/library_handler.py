from odoo import _, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.transitions import PayloadField, Transition


class LibraryBookHandler(models.AbstractModel):
    _name = "library.book.snapshot.handler"  # serves the aggregate "library.book"
    _description = "Rules of a library book"
    _inherit = "snapshot.handler"
    _initial_status = "on_shelf"
    _transitions = {  # event type: from which statuses, to which
        "BookLent": Transition("on_shelf", "lent"),
        "LoanExtended": Transition("lent"),
        "BookReturned": Transition("lent", "on_shelf"),
    }
    _payload_fields = {"BookLent": {"reader": PayloadField("text", required=True)}}

    def _evolve(self, state, event):
        extensions = state.get("extensions", 0) + 1 if event.event_type == "LoanExtended" else 0
        if extensions > 2:
            raise UserError(_("A loan can be extended twice; the book must come back first."))
        return {**state, **event.payload, "extensions": extensions}
