import time
from pathlib import Path

from odoo import _, api, models
from odoo.exceptions import UserError

from ..archive_file import digest_of, load_table, write_archive
from .event_store import FAILURE_TYPES

WAIT_SECONDS = 30
LEFT = "SELECT to_regclass(%s) IS NOT NULL"


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
        self.env.registry.clear_cache()
        return self._fresh_status()

    @api.model
    def _archive_of(self, name, state):
        archives = self.env["event.archive"].with_context(event_archive=True)
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

    # ------------------------------------------------------------------
    # Out
    # ------------------------------------------------------------------

    @api.model
    def _write_archive(self, part, folder):
        self._check_closed(part)
        self.env["event.seal"]._check_range(part.first, part.last)
        path = folder / f"{part.name}.sql.gz"
        if path.exists():
            raise UserError(_("%(file)s is there already.", file=path))
        touching = f"state = 'sealed' AND from_id <= {part.last} AND to_id >= {part.first}"
        events, seals = self._columns(part.name), self._columns("event_seal")
        queries = [
            ("event_archive_range", ["first", "last"], f"SELECT {part.first}, {part.last}"),
            (
                "event_seal",
                seals,
                f"SELECT {', '.join(seals)} FROM event_seal WHERE {touching} ORDER BY id",
            ),
            ("event_store", events, f"SELECT {', '.join(events)} FROM {part.name} ORDER BY id"),
        ]
        digest = write_archive(self.env.cr._obj, path, part, queries)
        ((count, first, last),) = self._fetch(
            f"SELECT count(*), min(timestamp), max(timestamp) FROM {part.name}"
        )
        ((seal,),) = self._fetch(f"SELECT max(id) FROM event_seal WHERE {touching}")
        vals = {"name": part.name, "from_id": part.first, "to_id": part.last, "count": count}
        vals |= {"first_event_on": first, "last_event_on": last, "state": "leaving"}
        vals |= {"file_name": path.name, "file_sha256": digest}
        archive = self.env["event.archive"].with_context(event_archive=True).create(vals)
        archive.flush_recordset()
        self.env.cr.execute(
            f"""
            INSERT INTO event_archive_stream
            SELECT %s, model_name, aggregate_id, max(version), min(timestamp) FROM {part.name}
             WHERE event_type NOT IN %s GROUP BY model_name, aggregate_id
            """,
            [archive.id, FAILURE_TYPES],
        )
        self.env.registry.clear_cache()
        return {"file": str(path), "sha256": digest, "events": count, "seal": seal}

    @api.model
    def _check_closed(self, part):
        ((sealed,),) = self._fetch(
            "SELECT coalesce(max(to_id), 0) FROM event_seal WHERE state = 'sealed'"
        )
        if part.last > sealed:
            raise UserError(
                _(
                    "%(name)s holds or may get events that are not sealed: seals reach up to"
                    " %(sealed)s, it goes up to %(last)s.",
                    name=part.name,
                    sealed=sealed,
                    last=part.last,
                )
            )
        if self.env["event.archive"].search([("name", "=", part.name), ("state", "=", "leaving")]):
            raise UserError(_("The file of %(name)s is written: detach it now.", name=part.name))

    @api.model
    def _columns(self, table):
        rows = self._fetch(
            "SELECT quote_ident(attname) FROM pg_attribute"
            f" WHERE attrelid = '{table}'::regclass AND attnum > 0 AND NOT attisdropped"
            " ORDER BY attnum"
        )
        return [name for (name,) in rows]

    @api.model
    def _wait_for_older(self, begun):
        """Return when every transaction is over that may have begun before another one ended.

        :param str begun: number of that other one
        """
        mine = self.env.cr.connection.get_backend_pid()
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            with self._own_transaction() as own:
                own.env.cr.execute(
                    """
                    SELECT pid FROM pg_stat_activity
                     WHERE datname = current_database() AND backend_type = 'client backend'
                       AND pid NOT IN (pg_backend_pid(), %s)
                       AND age(backend_xmin) >= age(%s::xid)
                    """,
                    [mine, begun],
                )
                pids = [pid for (pid,) in own.env.cr.fetchall()]
            if not pids:
                return
            if time.monotonic() > deadline:
                raise UserError(
                    _(
                        "The file is written, and its events are still in the store: other"
                        " work began before (processes %(pids)s of PostgreSQL). Detach the"
                        " partition once it is over.",
                        pids=", ".join(map(str, pids)),
                    )
                )
            time.sleep(0.1)

    # ------------------------------------------------------------------
    # Back
    # ------------------------------------------------------------------

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
        self.env.flush_all()
        self.env["event.seal"]._check_range(archive.from_id, archive.to_id)


class EventSealPartitions(models.Model):
    _inherit = "event.seal"

    @api.model
    def _seal_all(self):
        """Also see that there is a partition for what comes next."""
        super()._seal_all()
        self.env["event.partition"]._make_room_quietly()
