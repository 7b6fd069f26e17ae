from odoo import api, fields, models


class CounterTotal(models.Model):
    """A read model: how much was added in all, per company and counter."""

    _name = "counter.total"
    _description = "Total of a Counter"

    company_id = fields.Many2one("res.company", required=True)
    aggregate_id = fields.Char(required=True)
    total = fields.Integer()
    events = fields.Char(help="The versions, in the order in which they came.")

    def init(self):
        self.env.cr.execute(
            "CREATE UNIQUE INDEX IF NOT EXISTS counter_total_uniq"
            " ON counter_total (company_id, aggregate_id)"
        )


class CounterTotalProjection(models.AbstractModel):
    _name = "counter.total.projection"
    _inherit = "event.projection"
    _description = "Totals of Counters"
    _subscribes = {"counter": ("Added",)}
    _read_models = ("counter.total",)

    @api.model
    def _project(self, events):
        for event in events:
            self.env.cr.execute(
                """
                INSERT INTO counter_total AS stored (company_id, aggregate_id, total, events)
                VALUES (%s, %s, %s, %s)
                    ON CONFLICT (company_id, aggregate_id) DO UPDATE
                   SET total = stored.total + excluded.total,
                       events = stored.events || ',' || excluded.events
                """,
                [
                    event.company_id,
                    event.aggregate_id,
                    event.payload.get("amount", 0),
                    str(event.version),
                ],
            )
        self.env["counter.total"].invalidate_model(flush=False)
