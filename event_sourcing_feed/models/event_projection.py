from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES

from .event_feed import check_readable


class EventProjection(models.AbstractModel):
    """A read model: tables that are made of the events of many streams, and of nothing else.

    ::

        class UtilisationProjection(models.AbstractModel):
            _name = "equipment.utilisation.projection"
            _inherit = "event.projection"
            _subscribes = {"rental": ("EquipmentDelivered", "EquipmentReturned")}
            _read_models = ("equipment.utilisation",)
            _read_model_keys = {"equipment.utilisation": ("equipment_id", "month")}

            def _project(self, events):
                ...

    It may write into the tables of ``_read_models`` and into no other. Nothing finds out
    reliably where it does: a rebuild would then write these rows twice.
    """

    _name = "event.projection"
    _inherit = "event.consumer"
    _description = "Projection"
    _kind = "projection"

    # The models whose tables it alone writes.
    _read_models = ()
    # {model: fields} by which rows of two builds are the same one; else all fields together.
    _read_model_keys = {}
    # Another one, and the read model is made anew beside the old one.
    _projection_version = 1
    # Whether it runs inside every append of its types: what was just written can be read at once,
    # and what it raises fails the append.
    _inline = False

    @api.model
    def _project(self, events):
        """Write what events mean for the read models, in bulk.

        :param list events: of ``FeedEvent``, in feed order, in today's names and schema versions
        """
        raise NotImplementedError

    @api.model
    def _consume(self, subscription, events):
        for problem in self._declaration_problems():
            raise UserError(problem)
        check_readable(events)
        self._project(events)
        self.env.flush_all()

    @api.model
    def _declaration_problems(self):
        problems = super()._declaration_problems()
        if problems:
            return problems
        types = self._event_types().values()
        failures = {name for names in types for name in names if name in FAILURE_TYPES}
        if self._inline and failures:
            problems.append(
                _(
                    "%(projection)s is inline and subscribes to %(types)s: such events may be"
                    " recorded apart from the append. Leave them out, or set _inline = False.",
                    projection=self._name,
                    types=", ".join(sorted(failures)),
                )
            )
        for name in (*self._read_models, *self._read_model_keys):
            if name not in self.env or not self.env[name]._auto:
                problems.append(
                    _(
                        "%(projection)s names the read model %(model)s, which has no table here.",
                        projection=self._name,
                        model=name,
                    )
                )
        for name, keys in self._read_model_keys.items():
            known = self.env[name]._fields if name in self.env else keys
            for key in keys:
                if key not in known or (known is not keys and not known[key].store):
                    problems.append(
                        _(
                            "%(projection)s takes %(field)s for a key of %(model)s, which has no"
                            " such stored field.",
                            projection=self._name,
                            field=key,
                            model=name,
                        )
                    )
        return problems
