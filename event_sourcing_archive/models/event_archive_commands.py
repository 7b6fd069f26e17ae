from pathlib import Path

from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.from_code import FromCode


class EventArchiveCommands(models.AbstractModel):
    """Taking a closed, sealed period out of the store, and bringing it back."""

    _inherit = "event.partition"

    @api.model
    def archive(self, name, folder):
        """Write a closed partition into a file, and take it out of the store.

        The detached table stays in the database until somebody drops it.

        :param str name: a partition whose events are all sealed
        :param str folder: where on this machine the file goes
        :return: dict with ``file``, ``sha256``, ``events`` and ``seal``, the number of
            the seal whose exported digest belongs with the file
        :raise UserError: when an event is not sealed, or not as it was sealed
        """
        self._check_operator()
        with self._own_transaction() as own:
            answer = own._write_archive(own._find(name), Path(folder))
        # Other processes remember that nothing was ever archived.
        self.env.registry.signal_changes()
        self.detach(name)
        return answer

    @api.model
    def detach(self, name):
        """Take a partition out of the store whose file :meth:`archive` has written.

        Waits until whoever began before the file was finished is done: they would not
        know yet that events are in an archive.

        :raise UserError: where somebody does not end; then try again later
        """
        self._check_operator()
        with self._own_transaction() as own:
            archive = own._archive_of(name, "leaving")
            ((begun,),) = own._fetch(
                f"SELECT xmin::text FROM event_archive WHERE id = {archive.id}"
            )
        self._wait_for_older(begun)
        with self._own_transaction() as own:
            archive = own._archive_of(name, "leaving")
            store = own.env["event.store"]
            store._check_may_leave(archive.from_id, archive.to_id)
            store._events_left(archive.from_id, archive.to_id)
            own._execute(f"ALTER TABLE event_store DETACH PARTITION {archive.name}")
            archive.write({"state": "archived"})

    @api.model
    def attach(self, name, file=None):
        """Bring an archive back into the store, and check it against its seals.

        :param str name: the partition that it was
        :param str file: its file; not needed while the detached table is still there
        :return: as :meth:`status`
        :raise UserError: when the file is not the one that was written, or an event is
            not what was sealed; then nothing is changed
        """
        self._check_operator()
        with self._own_transaction() as own:
            own._attach_again(own._archive_of(name, "archived"), file)
        return self._fresh_status()

    @api.model
    def _archive_of(self, name, state):
        archives = self.env["event.archive"].with_context(event_archive=FromCode(True))
        archive = archives.search([("name", "=", name), ("state", "=", state)])
        if not archive:
            raise UserError(
                _(
                    "There is no archive of %(name)s to do this with; look at the list of"
                    " archives.",
                    name=str(name)[:80],
                )
            )
        return archive
