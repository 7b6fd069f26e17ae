from odoo import api, fields, models


class RentalEventHelp(models.AbstractModel):
    """A dialog about an event: which it can be, and what it means."""

    _name = "rental.event.help.mixin"
    _description = "What an Event Means"
    _help_of = "rental.snapshot.handler"
    # The types of events that the dialog asks about.
    _event_types = ()

    event_type = fields.Selection(selection="_selection_event_type", required=True, readonly=True)
    event_help = fields.Char(compute="_compute_event_help")

    def _selection_event_type(self):
        labels = self.env[self._help_of]._event_labels()
        return [(name, labels[name]) for name in self._event_types]

    @api.depends("event_type")
    @api.depends_context("lang")
    def _compute_event_help(self):
        words = self.env[self._help_of]._event_help()
        for wizard in self:
            wizard.event_help = words.get(wizard.event_type, "")


class RentalEventForecast(models.AbstractModel):
    """Says in such a dialog what would become of the event; see ``rental.forecast.mixin``.

    Those that inherit it let :meth:`_compute_forecast` depend on what they ask for.
    """

    _name = "rental.event.forecast.mixin"
    _description = "What Would Become of an Event"
    _inherit = "rental.event.help.mixin"
    # The field with the records that the event is about.
    _records_field = ""

    forecast = fields.Text(compute="_compute_forecast")
    refused_count = fields.Integer(string="Not Possible", compute="_compute_forecast")
    possible_count = fields.Integer(string="Possible", compute="_compute_forecast")

    @api.depends("event_type")
    @api.depends_context("lang")
    def _compute_forecast(self):
        for wizard in self:
            wizard.forecast, wizard.refused_count, wizard.possible_count = False, 0, 0
            records = wizard[self._records_field]
            if wizard.event_type not in self._event_types or not records or wizard._lacks():
                continue
            refusals = wizard._refusals()
            refused = sum(error is not None for error in refusals.values())
            wizard.refused_count, wizard.possible_count = refused, len(refusals) - refused
            if len(refusals) > 1:
                wizard.forecast = records._forecast_sentence(refusals)
            elif refused:
                wizard.forecast = str(next(iter(refusals.values())))

    def _lacks(self):
        """Return whether something that the event needs was not entered yet."""
        return False

    def _payload(self):
        """Return what was entered as the payload of the event."""
        return {}

    def _refusals(self):
        """Return ``{record: why the event is not possible, or None}``."""
        return self[self._records_field]._origin._forecast(self.event_type, self._payload())
