from werkzeug.exceptions import NotFound

from odoo import http
from odoo.http import request

from odoo.addons.event_sourcing_base.compat import check_access

from ..models.event_asyncapi import ROUTE


class AsyncapiController(http.Controller):
    """What other systems may be told, for who writes them: to users who may read events."""

    @http.route("/event_sourcing/asyncapi.json", type="http", auth="user", methods=["GET"])
    def asyncapi(self):
        """Answer with the AsyncAPI 3 document of all events."""
        self._check()
        return request.make_json_response(request.env["event.asyncapi"]._document())

    @http.route(
        f"{ROUTE}/<string:model_name>/<string:event_type>/<int:version>",
        type="http",
        auth="user",
        methods=["GET"],
    )
    def schema(self, model_name, event_type, version):
        """Answer with the JSON Schema that ``dataschema`` of a sent event names."""
        self._check()
        schema = request.env["event.asyncapi"]._schema_of(model_name, event_type, version)
        if schema is None:
            raise NotFound()
        return request.make_json_response(schema)

    def _check(self):
        check_access(request.env["event.store"], "read")
