from odoo import _, fields, models
from odoo.exceptions import UserError


class ArticleSnapshot(models.Model):
    _name = "article.snapshot"
    _description = "Snapshot that its handler writes itself"

    aggregate_id = fields.Char()
    status = fields.Char()
    count = fields.Integer()


class ArticleSnapshotHandler(models.AbstractModel):
    """The article's own style: a plain model, a record in, the snapshot written here."""

    _name = "article.snapshot.handler"
    _description = "Article Handler"

    def apply_event(self, event):
        snapshot = self.env["article.snapshot"].search(
            [("aggregate_id", "=", event.aggregate_id)], limit=1
        )
        if not snapshot:
            snapshot = snapshot.create({"aggregate_id": event.aggregate_id, "status": "draft"})
        snapshot.write({"count": snapshot.count + 1})
        if event.event_type == "DemoStarted":
            snapshot.write({"status": "demo"})
        elif event.event_type == "DemoCancelled":
            if snapshot.status != "demo":
                raise UserError(_("Not in a demo, so it cannot be cancelled."))
            snapshot.write({"status": "cancelled"})
        elif event.event_type == "HalfWritten":
            snapshot.write({"status": "half"})
            snapshot.flush_recordset()
            raise ValueError(event.payload["why"])
        elif event.event_type == "BrokenSql":
            self.env.cr.execute("INSERT INTO no_such_table VALUES (1)")
