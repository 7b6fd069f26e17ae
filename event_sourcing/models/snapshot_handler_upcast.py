from dataclasses import replace

from odoo import _, api, models
from odoo.exceptions import UserError

from ..canonical_json import normalise
from ..exceptions import SchemaError


class SnapshotHandlerUpcast(models.AbstractModel):
    """Events of former versions and names, read as if they were written today.

    Stored rows stay as they were written. A handler says what has changed::

        _schema_versions = {"DamageReported": 2}
        _upcasters = {"DamageReported": {1: "_damage_reported_2"}}
        _event_aliases = {"DamageFound": "DamageReported"}

        def _damage_reported_2(self, payload, event):
            return {"description": payload["description"], "repair_cost": payload["cost"]}
    """

    _inherit = "snapshot.handler"

    def init(self):
        super().init()
        if self._aggregate_aliases:
            # Once the tables of the addon are there, too.
            self.env.registry.post_init(self._rename_streams)

    @api.model
    def _upcast(self, event):
        """Return ``event`` under today's names and in today's schema version.

        :param EventData event: as stored
        :raise SchemaError: for a version that is newer than the handler, or that no
            chain of upcasters leads up from
        """
        event_type = self._event_aliases.get(event.event_type, event.event_type)
        today = self._schema_versions.get(event_type, 1)
        payload = event.payload
        if event.schema_version != today:
            payload = normalise(payload)
            for method in self._upcasters_from(event_type, event.schema_version):
                payload = normalise(getattr(self, method)(payload, event))
        elif event_type == event.event_type and event.model_name not in self._aggregate_aliases:
            return event
        return replace(
            event,
            model_name=self._today_model_name(event.model_name),
            event_type=event_type,
            payload=payload,
            schema_version=today,
        )

    @api.model
    def _today_model_name(self, model_name):
        """Return what the aggregate type of an event is called today; asked for each event."""
        if model_name not in self._aggregate_aliases:
            return model_name
        return self.env["snapshot.handler.registry"]._canonical_name(model_name)

    @api.model
    def _upcasters_from(self, event_type, version):
        """Return the names of the methods that lead from a version up to today's.

        :raise SchemaError: when there is no such way
        """
        today = self._schema_versions.get(event_type, 1)
        steps = self._upcasters.get(event_type, {})
        if version > today:
            raise SchemaError(
                _(
                    "%(type)s was written in schema version %(version)s, but this handler knows"
                    " only version %(known)s; update the addon that brings it.",
                    type=event_type,
                    version=version,
                    known=today,
                )
            )
        missing = [step for step in range(version, today) if step not in steps]
        if missing:
            raise SchemaError(
                _(
                    "%(type)s of schema version %(version)s cannot be read: the handler has no"
                    " upcaster from version %(missing)s.",
                    type=event_type,
                    version=version,
                    missing=missing[0],
                )
            )
        return [steps[step] for step in range(version, today)]

    @api.model
    def _check_schema_version(self, event_type, version):
        """Refuse a new event that could not be folded, before anything is stored.

        :raise UserError: when the handler cannot read that version
        """
        base = self.env.registry["snapshot.handler"]
        if type(self)._upcast is not base._upcast:
            return  # it has its own way
        try:
            self._upcasters_from(event_type, version)
        except SchemaError as error:
            raise UserError(str(error)) from None

    # ------------------------------------------------------------------
    # A renamed aggregate type
    # ------------------------------------------------------------------

    @api.model
    def _rename_streams(self):
        """Let streams and snapshots go on under today's name; events stay as they are.

        :raise UserError: when an aggregate has a stream under both names
        """
        registry = self.env["snapshot.handler.registry"]
        for model_name in self._served_names():
            if registry._switched_off(model_name):
                continue  # once it is declared rightly
            self.env["event.stream"]._take_over(registry._stream_names(model_name))

    @api.model
    def _served_names(self):
        """Return the aggregate types that this handler serves under today's names."""
        registry = self.env["snapshot.handler.registry"]
        return [model for model, name in registry._serving().items() if name == self._name]
