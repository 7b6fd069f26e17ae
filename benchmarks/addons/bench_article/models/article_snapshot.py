from odoo import fields, models


class ArticleSnapshot(models.Model):
    """The state of an aggregate as JSON; found by its id, without an index."""

    _name = "article.snapshot"
    _description = "Snapshot (article's design)"

    model_name = fields.Char(required=True)
    aggregate_id = fields.Char(required=True)
    state = fields.Json()
