from odoo import api, models


class EventProjection(models.AbstractModel):
    """A read model: tables that are made of the events of many streams, and of nothing else.

    ::

        class UtilisationProjection(models.AbstractModel):
            _name = "equipment.utilisation.projection"
            _inherit = "event.projection"
            _subscribes = {"rental": ("EquipmentDelivered", "EquipmentReturned")}
            _read_models = ("equipment.utilisation",)

            def _project(self, events):
                ...
    """

    _name = "event.projection"
    _inherit = "event.consumer"
    _description = "Projection"
    _kind = "projection"

    # The models whose tables it alone writes.
    _read_models = ()
    # Another one, and the read model is made anew beside the old one.
    _projection_version = 1

    @api.model
    def _project(self, events):
        """Write what events mean for the read models, in bulk.

        :param list events: of ``EventData``, in feed order, in today's names and schema versions
        """
        raise NotImplementedError

    @api.model
    def _consume(self, subscription, events):
        self._project(events)
        self.env.flush_all()
