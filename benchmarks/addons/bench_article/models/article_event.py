from odoo import api, fields, models


class ArticleEvent(models.Model):
    """An event, applied by its handler as it is created; each on its own."""

    _name = "article.event"
    _description = "Event (article's design)"

    model_name = fields.Char(required=True)
    aggregate_id = fields.Char(required=True)
    event_type = fields.Char(required=True)
    payload = fields.Json()
    timestamp = fields.Datetime(default=fields.Datetime.now)

    @api.model_create_multi
    def create(self, vals_list):
        events = self.browse()
        for vals in vals_list:
            event = super().create([vals])
            self.env[f"{event.model_name}.article.handler"].apply_event(event)
            events += event
        return events
