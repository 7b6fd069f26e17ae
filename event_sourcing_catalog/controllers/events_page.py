from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.event_sourcing_base.canonical_json import pretty

READER = "event_sourcing.event_store_group_user"


class EventsPageController(http.Controller):
    """The documentation of an aggregate type, made from what its handler declares."""

    @http.route(
        "/event_sourcing/events/<string:model_name>", type="http", auth="user", methods=["GET"]
    )
    def events(self, model_name):
        """Answer with a page to read and print, 404 where no handler explains the type."""
        if not request.env.user.has_group(READER):
            raise request.not_found()
        env = request.env(context={**request.env.context, "lang": request.env.user.lang})
        try:
            described = env["snapshot.handler.registry"]._describe(model_name)
        except UserError:
            raise request.not_found() from None
        name = described["model_name"]
        values = {
            "aggregate": described,
            "call": f'event.store.append("{name}", aggregate_id, event_type, payload)',
            "pretty": pretty,
            "title": described["title"],
            "html_lang": (env.user.lang or "en_US").replace("_", "-"),
        }
        html = env["ir.qweb"]._render("event_sourcing_catalog.events_page", values)
        page = f"<!DOCTYPE html>\n{html.strip()}"
        return request.make_response(page, [("Content-Type", "text/html; charset=utf-8")])
