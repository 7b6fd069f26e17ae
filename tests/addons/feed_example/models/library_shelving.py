from odoo import models


class LibraryShelvingReaction(models.AbstractModel):
    _name = "library.shelving.reaction"
    _inherit = "event.reaction"
    _description = "Books to be put on their shelves"
    _subscribes = {"library.book": ("BookReturned",)}

    def _react(self, event):
        where = {"book": event.aggregate_id}
        self.env["event.store"].append("library.shelf", "A", "ShelvingAsked", where)
