from odoo import _, models

from odoo.addons.event_sourcing.exceptions import RuleViolation


class LibraryReaderBoundary(models.AbstractModel):
    _name = "library.reader.boundary"  # known as "library.reader"
    _inherit = "event.boundary"
    _description = "Three books per reader"
    _subscribes = {"library.book": ("BookLent", "BookReturned")}
    _key_fields = {"BookLent": "reader"}  # the payload says who

    def _keys(self, event, state):  # of other events the state of the book does
        return [state["reader"]] if state.get("reader") else []

    def _check_new(self, state, event, key):
        if event.event_type == "BookLent" and len(state.get("books", [])) == 3:
            raise RuleViolation(_("%s has three books; one must come back first.", key), "books")

    def _evolve(self, state, event, key):
        others = [book for book in state.get("books", []) if book != event.aggregate_id]
        lent = [event.aggregate_id] if event.event_type == "BookLent" else []
        return {"books": [*others, *lent]}
