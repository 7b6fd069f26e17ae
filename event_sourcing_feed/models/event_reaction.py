from odoo import api, models


class EventReaction(models.AbstractModel):
    """What is to happen when something has happened: any Odoo code, exactly once per event.

    ::

        class InvoiceReaction(models.AbstractModel):
            _name = "rental.invoice.reaction"
            _inherit = "event.reaction"
            _subscribes = {"rental": ("RentalConfirmed",)}

            def _react(self, event):
                ...
    """

    _name = "event.reaction"
    _inherit = "event.consumer"
    _description = "Reaction"
    _kind = "reaction"
    _takes_history = False
    _begins_at_first = False
    _page_size = 100

    @api.model
    def _react(self, event):
        """Do what follows from an event; its effects and "done" are one transaction.

        :param EventData event: in today's names and schema version
        """
        raise NotImplementedError

    @api.model
    def _consume(self, subscription, events):
        for event in events:
            self.with_company(event.company_id)._react(event)
        self.env.flush_all()
