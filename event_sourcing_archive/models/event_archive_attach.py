from pathlib import Path

from odoo import _, api, models
from odoo.exceptions import UserError

from ..archive_file import digest_of, load_table

LEFT = "SELECT to_regclass(%s) IS NOT NULL"


class EventArchiveReturn(models.AbstractModel):
    """An archive on its way back into the store."""

    _inherit = "event.partition"

    @api.model
    def _attach_again(self, archive, file):
        first, end = archive.from_id, archive.to_id + 1
        self.env.cr.execute(LEFT, [archive.name])
        if not self.env.cr.fetchone()[0]:
            if file is None or not Path(file).is_file():
                raise UserError(
                    _(
                        "The table of %(name)s is gone: name its file, %(file)s.",
                        name=archive.name,
                        file=archive.file_name,
                    )
                )
            if digest_of(file) != archive.file_sha256:
                raise UserError(
                    _("%(file)s is not the file that was written: its SHA-256 differs.", file=file)
                )
            self._make_table(archive.name)
            load_table(self.env.cr._obj, file, "event_store", archive.name)
            self._make_unique(archive.name)
        self._attach(archive.name, first, end)
        self._protect(archive.name)
        archive.write({"state": "attached"})
        self.env["event.store"]._events_returned(archive.from_id, archive.to_id)
        self.env.flush_all()
        self._check_sealed(archive.name, archive.to_id)
        self.env["event.seal"]._check_range(archive.from_id, archive.to_id)
