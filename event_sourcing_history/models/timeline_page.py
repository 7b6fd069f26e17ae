"""Every form of an event-sourced record or of a snapshot has its timeline.

A form that shows the timeline where its author wants it is left as it is.
"""

from lxml import etree

from odoo import _, api, models

TIMELINE = "//widget[@name='event_timeline']"


def add_timeline(arch, follows, title):
    """Add a page with the timeline to a form that has none.

    :param arch: the form, an etree element
    :param str follows: the timeline is loaded anew when this field changes
    :param str title: of the page
    """
    sheet = arch.find(".//sheet")
    if sheet is None or arch.xpath(TIMELINE):
        return
    notebook = sheet.find("./notebook")
    if notebook is None:
        notebook = etree.SubElement(sheet, "notebook")
    page = etree.SubElement(
        notebook,
        "page",
        name="event_history",
        string=title,
        invisible="not id",
        groups="event_sourcing.event_store_group_user",
    )
    etree.SubElement(page, "field", name=follows, invisible="1")
    etree.SubElement(page, "widget", {"name": "event_timeline", "class": "d-block w-100"})


class EventSourceMixin(models.AbstractModel):
    _inherit = "event.source.mixin"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            add_timeline(arch, "event_count", _("History"))
        return arch, view


class SnapshotMixin(models.AbstractModel):
    _inherit = "snapshot.mixin"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        if view_type == "form":
            add_timeline(arch, "version", _("History"))
        return arch, view
