from odoo import _, api, fields, models

from odoo.addons.event_sourcing_base.fields import NO_SUM


class EventJobArchived(models.Model):
    """Rebuilds and checks leave alone what they could not fold as a whole."""

    _inherit = "event.job"

    archived_count = fields.Integer(
        string="In an Archive",
        readonly=True,
        help="Records that were left as they are: events of theirs are in an archive.",
        **NO_SUM,
    )

    def _read_rebuild(self):
        chunk = super()._read_rebuild()
        chunk["archived"] = 0
        for model_name, folded in chunk["streams"].items():
            away = self.env["event.store"]._archived_streams(model_name, dict.fromkeys(folded, 0))
            chunk["archived"] += len(away)
            for key in away:
                del folded[key]
        return chunk

    def _write_rebuild(self, chunk):
        return {**super()._write_rebuild(chunk), "archived_count": chunk.pop("archived", 0)}

    def _write_check(self, chunk):
        return {**super()._write_check(chunk), "archived_count": chunk.pop("archived", 0)}

    def _finish_rebuild(self):
        super()._finish_rebuild()
        self._say_archived()

    def _finish_check(self):
        super()._finish_check()
        self._say_archived()

    def _say_archived(self):
        if self.archived_count:
            self.message = _(
                "Records left as they are, because events of theirs are in an archive: %(count)s."
                " Bring it back to look at them.",
                count=self.archived_count,
            )


class EventStoreArchived(models.Model):
    _inherit = "event.store"

    @api.model
    def _check_streams_whole(self, model_name, moment):
        """Refuse a list of the past that would lack some and not say so."""
        super()._check_streams_whole(model_name, moment)
        archives = self.env["event.archive"].sudo()
        names = self.env["snapshot.handler.registry"]._stream_names(model_name)
        needed = archives._needed_by(names, moment)
        if needed:
            label = self.env["snapshot.handler.registry"]._aggregate_label(model_name)
            raise needed._refusal_to_fold(label)


class EventArchiveNeeded(models.Model):
    _inherit = "event.archive"

    @api.model
    def _needed_by(self, model_names, moment):
        """Return the archives with events of these types that had happened by a moment."""
        self.env.cr.execute(
            """
            SELECT id FROM event_archive AS archive WHERE state IN ('leaving', 'archived')
               AND EXISTS (SELECT FROM event_archive_stream AS away WHERE archive_id = archive.id
                              AND model_name = ANY(%s) AND away.first_event_on <= %s)
            """,
            [list(model_names), moment],
        )
        return self.browse(row[0] for row in self.env.cr.fetchall())
