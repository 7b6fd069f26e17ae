"""Whose exports write text as text: see ``controllers/export.py``.

A class attribute, so that reports and other models of an addon can have it too::

    _export_text_as_text = True
"""

from odoo import models


class EventStoreExport(models.Model):
    _inherit = "event.store"
    _export_text_as_text = True


class EventStreamExport(models.Model):
    _inherit = "event.stream"
    _export_text_as_text = True


class SnapshotExport(models.AbstractModel):
    _inherit = "snapshot.mixin"
    _export_text_as_text = True


class EventSourceExport(models.AbstractModel):
    _inherit = "event.source.mixin"
    _export_text_as_text = True
