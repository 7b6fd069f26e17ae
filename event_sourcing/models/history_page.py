from lxml import etree

from odoo import _, api, models

TIMELINE = "//widget[@name='event_timeline']"


class HistoryPage(models.AbstractModel):
    """Gives every form of an event-sourced record its timeline.

    A form that shows the timeline where its author wants it is left as it is.
    """

    _name = "history.page.mixin"
    _inherit = "access.first.mixin"
    _description = "History Page"

    # What the timeline follows: it is loaded anew when this field changes.
    _history_follows = None

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        sheet = arch.find(".//sheet") if view_type == "form" else None
        if sheet is not None and not arch.xpath(TIMELINE):
            notebook = sheet.find("./notebook")
            if notebook is None:
                notebook = etree.SubElement(sheet, "notebook")
            notebook.append(self._history_page())
        return arch, view

    @api.model
    def _history_page(self):
        page = etree.Element(
            "page",
            name="event_history",
            string=_("History"),
            invisible="not id",
            groups="event_sourcing.event_store_group_user",
        )
        etree.SubElement(page, "field", name=self._history_follows, invisible="1")
        etree.SubElement(page, "widget", {"name": "event_timeline", "class": "d-block w-100"})
        return page


class EventSourceMixin(models.AbstractModel):
    _name = "event.source.mixin"
    _inherit = ["event.source.mixin", "history.page.mixin"]
    _history_follows = "event_count"


class SnapshotMixin(models.AbstractModel):
    _name = "snapshot.mixin"
    _inherit = ["snapshot.mixin", "history.page.mixin"]
    _history_follows = "version"
