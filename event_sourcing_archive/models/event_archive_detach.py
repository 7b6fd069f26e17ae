import time

from odoo import _, api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.models.event_store import FAILURE_TYPES
from odoo.addons.event_sourcing_base.from_code import FromCode

from ..archive_file import write_archive

WAIT_SECONDS = 30


class EventArchiveLeave(models.AbstractModel):
    """A partition on its way into a file."""

    _inherit = "event.partition"

    @api.model
    def _write_archive(self, part, folder):
        self._check_closed(part)
        self.env["event.store"]._check_may_leave(part.first, part.last)
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
        ((count, first, last, first_recorded, last_recorded),) = self._fetch(
            "SELECT count(*), min(timestamp), max(timestamp), min(create_date), max(create_date)"
            f" FROM {part.name}"
        )
        ((seal,),) = self._fetch(f"SELECT max(id) FROM event_seal WHERE {touching}")
        vals = {"name": part.name, "from_id": part.first, "to_id": part.last, "count": count}
        vals |= {"first_event_on": first, "last_event_on": last, "state": "leaving"}
        vals |= {"first_recorded_on": first_recorded, "last_recorded_on": last_recorded}
        vals |= {"file_name": path.name, "file_sha256": digest}
        archive = self.env["event.archive"].with_context(event_archive=FromCode(True)).create(vals)
        archive.flush_recordset()
        self.env.cr.execute(
            f"""
            INSERT INTO event_archive_stream
            SELECT %s, company_id, model_name, aggregate_id, max(version), min(timestamp)
              FROM {part.name}
             WHERE event_type NOT IN %s GROUP BY company_id, model_name, aggregate_id
            """,
            [archive.id, FAILURE_TYPES],
        )
        self.env.registry.clear_cache()
        return {"file": str(path), "sha256": digest, "events": count, "seal": seal}

    @api.model
    def _check_closed(self, part):
        self._check_sealed(part.name, part.last)
        if self.env["event.archive"].search([("name", "=", part.name), ("state", "=", "leaving")]):
            raise UserError(_("The file of %(name)s is written: detach it now.", name=part.name))

    @api.model
    def _check_sealed(self, name, last):
        ((sealed,),) = self._fetch(
            "SELECT coalesce(max(to_id), 0) FROM event_seal WHERE state = 'sealed'"
        )
        if last > sealed:
            raise UserError(
                _(
                    "%(name)s holds or may get events that are not sealed: seals reach up to"
                    " %(sealed)s, it goes up to %(last)s.",
                    name=name,
                    sealed=sealed,
                    last=last,
                )
            )

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
