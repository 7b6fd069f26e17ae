from odoo import api, models


class EventStoreElsewhere(models.Model):
    """What is asked and told where events are kept elsewhere; for addons to extend."""

    _inherit = "event.store"

    @api.model
    def _check_streams_whole(self, model_name, moment):
        """Refuse to look at all streams of a type as of a moment where not all are here; a hook.

        :raise UserError: when events that had happened by then are kept elsewhere
        """

    @api.model
    def _check_period_whole(self, period, begin, end, after=0, last=None):
        """Refuse to speak for a period of which events are kept elsewhere; a hook.

        :param str period: ``recorded`` or ``happened``: which time counts
        :param datetime begin: None for no begin
        :param datetime end: the first moment after it, None for no end
        :param int after: only events with a greater id matter
        :param int last: only events up to this id matter, None for all
        :raise UserError: saying where they are
        """

    @api.model
    def _check_may_leave(self, first, last):
        """Refuse to take events out of the store that somebody has still to see; a hook.

        :param int first: id, and ``last``, that of the last one
        :raise UserError: saying who has not seen them
        """

    @api.model
    def _events_left(self, first, last):
        """Note that events leave the store in this transaction, while they are there; a hook."""

    @api.model
    def _events_returned(self, first, last):
        """Note that events which had left are back; a hook."""

    @api.model
    def _drop_dependent_views(self):
        """Drop the database views that read the table, because it is renamed; a hook."""

    @api.model
    def _create_dependent_views(self):
        """Create them again; a hook."""
