from urllib.parse import quote

from cloudevents.core.formats.json import JSONFormat

from odoo import api, models

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES

ROUTE = "/event_sourcing/schemas"
JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
STRING = {"type": "string"}


class EventAsyncapi(models.AbstractModel):
    """What other systems may be told, as AsyncAPI 3: from what the handlers declare."""

    _name = "event.asyncapi"
    _description = "Description of Events for Other Systems"

    @api.model
    def _document(self):
        """Return the AsyncAPI document of all events, in English: it is compared with kept ones.

        :rtype: dict
        """
        self = self.with_context(lang="en_US").sudo()
        registry = self.env["snapshot.handler.registry"]
        channels, operations, messages, schemas = {}, {}, {}, {}
        for model_name in sorted(registry._handler_names()):
            if registry._known_handler(model_name) is None:
                continue
            described = registry._describe(model_name)
            own = {}
            for event in described["events"]:
                name = f"{model_name}.{event['event_type']}"
                schemas[name] = self._schema(model_name, event)
                messages[name] = self._message(model_name, event)
                own[event["event_type"]] = {"$ref": f"#/components/messages/{name}"}
            if own:
                channels[model_name] = {
                    "title": described["label"],
                    "description": described["title"],
                    "messages": own,
                }
                operations[f"send.{model_name}"] = {
                    "action": "send",
                    "channel": {"$ref": f"#/channels/{model_name}"},
                }
        return {
            "asyncapi": "3.0.0",
            "info": {"title": "Events", "version": "1.0.0"},
            "defaultContentType": JSONFormat.CONTENT_TYPE,
            "channels": channels,
            "operations": operations,
            "components": {"messages": messages, "schemas": schemas},
        }

    @api.model
    def _message(self, model_name, event):
        name = f"{model_name}.{event['event_type']}"
        return {
            "name": name,
            "title": event["label"],
            "summary": event["help"] or event["rule"],
            "contentType": JSONFormat.CONTENT_TYPE,
            "payload": {
                "type": "object",
                "required": ["specversion", "id", "source", "type", "subject", "time", "version"],
                "properties": {
                    "specversion": {"const": "1.0"},
                    "id": {**STRING, "format": "uuid"},
                    "source": {**STRING, "format": "uri"},
                    "type": {"const": name},
                    "subject": STRING,
                    "time": {**STRING, "format": "date-time"},
                    "datacontenttype": {"const": "application/json"},
                    "dataschema": {**STRING, "format": "uri"},
                    "version": {"type": "integer", "minimum": 1},
                    "correlationid": STRING,
                    "causationid": STRING,
                    "data": {"$ref": f"#/components/schemas/{name}"},
                },
            },
        }

    @api.model
    def _schema(self, model_name, event):
        """Return the JSON Schema of an event's payload, with the URL by which it is named."""
        return {
            "$schema": JSON_SCHEMA,
            "$id": self._schema_url(model_name, event["event_type"], event["schema_version"]),
            "title": event["label"],
            **event["json_schema"],
        }

    @api.model
    def _schema_url(self, model_name, event_type, version):
        base = self.env["ir.config_parameter"].sudo().get_param("web.base.url")
        return f"{base}{ROUTE}/{quote(model_name)}/{quote(event_type)}/{version}"

    @api.model
    def _schema_of(self, model_name, event_type, version):
        """Return the JSON Schema of one event, or None where it has none of that version."""
        self = self.with_context(lang="en_US").sudo()
        registry = self.env["snapshot.handler.registry"]
        if registry._known_handler(model_name) is None:
            return None
        for event in registry._describe(model_name)["events"]:
            if (event["event_type"], event["schema_version"]) == (event_type, version):
                return self._schema(model_name, event)
        return None


class EventDestinationSchema(models.Model):
    _inherit = "event.destination"

    def _dataschema(self, event):
        registry = self.env["snapshot.handler.registry"]
        handler = registry._known_handler(event.model_name)
        if handler is None or event.event_type in FAILURE_TYPES:
            return ""
        if event.event_type not in registry._event_types(handler):
            return ""
        return self.env["event.asyncapi"]._schema_url(
            event.model_name, event.event_type, event.schema_version
        )
