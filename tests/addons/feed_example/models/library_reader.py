from odoo import fields, models


class LibraryReader(models.Model):
    _name = "library.reader"
    _description = "Loans of a reader"

    company_id = fields.Many2one("res.company", required=True)
    name = fields.Char(required=True)
    loans = fields.Integer()


class LibraryReaderProjection(models.AbstractModel):
    _name = "library.reader.projection"
    _inherit = "event.projection"
    _description = "Loans of readers"
    _subscribes = {"library.book": ("BookLent",)}  # of all books
    _read_models = ("library.reader",)  # the tables that it alone writes

    def _project(self, events):
        for event in events:
            key = {"company_id": event.company_id, "name": event.payload["reader"]}
            readers = self.env["library.reader"]
            reader = readers.search([(name, "=", key[name]) for name in key], limit=1)
            (reader or readers.create(key)).loans += 1
