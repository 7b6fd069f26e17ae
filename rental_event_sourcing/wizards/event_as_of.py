from odoo import fields, models

from ..models.rental_line_as_of import LINES


class EventAsOf(models.TransientModel):
    _inherit = "event.as.of"

    of_lines = fields.Boolean(
        string="Line by line",
        help="What was out, by product and unit, for how long and for how much.",
    )

    def _options(self):
        """Ask for the lines of rentals, if the user wants them."""
        of_lines = self.of_lines and self.model_name == "rental" and not self.two_moments
        return LINES if of_lines else super()._options()
