from odoo import api, models

ARCHIVED_STATES = ("leaving", "archived")


class EventBoundaryArchived(models.AbstractModel):
    """A key keeps its state while its events are in an archive; what needs them is refused."""

    _inherit = "event.boundary"

    @api.model
    def _not_here(self, place, event_id):
        domain = [("from_id", "<=", event_id), ("to_id", ">=", event_id)]
        domain.append(("state", "in", ARCHIVED_STATES))
        archive = self.env["event.archive"].sudo().search(domain, limit=1)
        if not archive:
            return super()._not_here(place, event_id)
        return archive._refusal_to_fold(f"{place[1]}/{place[2]}")


class EventBoundaryStatusArchived(models.Model):
    _inherit = "event.boundary.status"

    def _check_readable(self):
        super()._check_readable()
        model = self.env["event.boundary"]._names().get(self.boundary)
        registry = self.env["snapshot.handler.registry"]
        types = self.env[model]._event_types() if model else ()
        self.env.cr.execute(
            """
            SELECT id FROM event_archive AS archive
             WHERE state = ANY(%s)
               AND EXISTS (SELECT FROM event_archive_stream AS away
                            WHERE away.archive_id = archive.id AND away.model_name = ANY(%s))
             ORDER BY id
            """,
            [
                list(ARCHIVED_STATES),
                [name for model_name in types for name in registry._stream_names(model_name)],
            ],
        )
        archives = self.env["event.archive"].browse(row[0] for row in self.env.cr.fetchall())
        if archives:
            raise archives._refusal_to_fold(self.label)
