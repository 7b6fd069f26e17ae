import logging
import re
from contextlib import contextmanager
from dataclasses import dataclass

from psycopg2 import errors

from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.event_sourcing_base.partitioned_tables import is_partitioned

_logger = logging.getLogger(__name__)

SIZE = 10_000_000
AHEAD = 2  # empty partitions beyond the one that is being written
REST = "event_store_rest"  # takes what no other partition does: an append never fails
SIZE_PARAMETER = "event_sourcing.partition_size"
BOUNDS = re.compile(r"FROM \('?(\d+)'?\) TO \('?(\d+)'?\)")


@dataclass(frozen=True)
class Partition:
    """One partition: the events with ``first <= id <= last``."""

    name: str
    first: int
    last: int


class EventPartition(models.AbstractModel):
    """The event store in ranges of ids, for stores that outgrow one table.

    Nothing of this happens by itself: whoever runs the database decides, in an Odoo
    shell. Each command is one transaction of its own, which it commits. See
    ``docs/growth.md``; how tables are made is in ``event_partition_schema``.
    """

    _name = "event.partition"
    _description = "Partitions of the Event Store"

    @api.model
    def status(self):
        """Return the partitions in order.

        :return: list of dicts with ``name``, ``first`` and ``last`` (ids), ``bytes`` and
            ``sealed`` (whether it may be archived); the last one is the rest
        :raise AccessError: outside of a shell
        """
        if not self.env.su:
            raise self._refusal()
        self.env.cr.execute("SELECT coalesce(max(to_id), 0) FROM event_seal WHERE state = 'sealed'")
        (sealed,) = self.env.cr.fetchone()
        rows = [
            {
                "name": part.name,
                "first": part.first,
                "last": part.last,
                "sealed": part.last <= sealed,
            }
            for part in self._partitions()
        ]
        if rows:
            rows.append({"name": REST, "first": False, "last": False, "sealed": False})
        for row in rows:
            self.env.cr.execute("SELECT pg_total_relation_size(%s)", [row["name"]])
            (row["bytes"],) = self.env.cr.fetchone()
        return rows

    @api.model
    def convert(self, size=SIZE):
        """Turn the event store into a partitioned one; no row is moved or changed.

        What is stored becomes the first partition. Appends wait meanwhile: that takes as
        long as reading all events once, and writing their UUIDs.

        :param int size: how many ids each later partition takes
        :return: as :meth:`status`
        :raise UserError: where it is partitioned, or where other views look at the table
        """
        self._check_operator()
        if type(size) is not int or not 1 <= size <= 2**30:
            raise UserError(_("Give the size of a partition as a number of events, from 1 on."))
        with self._own_transaction() as own:
            if own._partitioned():
                raise UserError(_("The event store is partitioned already."))
            own._convert(size)
        return self._fresh_status()

    @api.model
    def make_room(self):
        """Create partitions ahead of time, and empty the rest into them.

        :return: as :meth:`status`
        :raise UserError: where the store is not partitioned
        """
        self._check_operator()
        with self._own_transaction() as own:
            own._check_partitioned()
            own._make_room()
        return self._fresh_status()

    @api.model
    def split(self, name, at):
        """Make two partitions of one; its rows are copied, and checked against their seals.

        Appends wait meanwhile: for a time without users.

        :param str name: a partition
        :param int at: the first id of the second half
        :return: as :meth:`status`
        """
        self._check_operator()
        with self._own_transaction() as own:
            part = own._find(name)
            if type(at) is not int or not part.first < at <= part.last:
                raise UserError(
                    _(
                        "Split %(name)s at an id after %(first)s, up to %(last)s.",
                        name=part.name,
                        first=part.first,
                        last=part.last,
                    )
                )
            own._split(part, at)
        return self._fresh_status()

    @api.model
    def _make_room_quietly(self):
        """Create what is missing where that takes no time; the scheduler's way in."""
        if not self._partitioned():
            return
        try:
            with self._own_transaction(patience="2s") as own:
                if not own._rest_is_used():
                    own._make_room()
        except UserError as error:
            _logger.info("No partition was made this time: %s", error)

    # ------------------------------------------------------------------
    # What there is
    # ------------------------------------------------------------------

    @api.model
    def _partitioned(self):
        return is_partitioned(self.env.cr, "event_store")

    @api.model
    def _partitions(self):
        """Return the partitions but the rest, by their ids."""
        self.env.cr.execute(
            "SELECT part.relname, pg_get_expr(part.relpartbound, part.oid)"
            " FROM pg_inherits JOIN pg_class AS part ON part.oid = inhrelid"
            " WHERE inhparent = 'event_store'::regclass AND part.relkind = 'r'"
        )
        found = [(name, BOUNDS.search(bounds or "")) for name, bounds in self.env.cr.fetchall()]
        parts = [
            Partition(name, int(match[1]), int(match[2]) - 1) for name, match in found if match
        ]
        return sorted(parts, key=lambda part: part.first)

    @api.model
    def _find(self, name):
        self._check_partitioned()
        for part in self._partitions():
            if part.name == name:
                return part
        raise UserError(_("%(name)s is no partition of the event store.", name=str(name)[:80]))

    @api.model
    def _check_partitioned(self):
        if not self._partitioned():
            raise UserError(_("The event store is not partitioned."))

    @api.model
    def _check_operator(self):
        """Refuse all but a shell, and end the transaction that it began by itself."""
        if not self.env.su:
            raise self._refusal()
        # The shell has read something already, and would be waited for.
        self.env.cr.execute("SELECT pg_current_xact_id_if_assigned() IS NULL")
        if not self.env.cr.fetchone()[0]:
            raise UserError(_("Commit what you changed in this shell first, or roll it back."))
        self.env.cr.rollback()

    @api.model
    def _refusal(self):
        return AccessError(
            _(
                "Partitions and archives are made in an Odoo shell on the server; ask whoever"
                " runs the database."
            )
        )

    @api.model
    def _fresh_status(self):
        with self._own_transaction() as own:
            return own.status()

    @contextmanager
    def _own_transaction(self, patience="10s"):
        """Give self in a transaction of its own that sees what others commit meanwhile.

        Odoo's own would not see events that were stored while it waited for the table.
        """
        try:
            with self.env["event.job"]._own_cursor_of(self, read_committed=True) as own:
                own.env.cr.execute("SELECT set_config('lock_timeout', %s, true)", [patience])
                yield own
        except errors.LockNotAvailable:
            raise UserError(
                _("Others are using the event store. Nothing was changed; try again later.")
            ) from None
