"""How often a page was tried: known also where the process dies at it."""

from typing import NamedTuple

from odoo.tools import SQL

from .own_transaction import statements_alone


def place_of(position):
    """Return a position as the text by which a try is known."""
    return "/".join(str(value) for value in (position.seen, position.until, position.after))


def page_size(size, suspects):
    """Return how many events are given at once: half of some among which one is bad.

    :param int size: of a page as usual
    :param int suspects: how many these are; 0 where none is known to be bad
    """
    return max(1, min(size, suspects // 2)) if suspects else size


class LastTry(NamedTuple):
    """What is noted of the page that a consumer was given last."""

    place: str
    events: int

    def died_at(self, position):
        """Return how many events were tried at a position and not heard of again; 0 for none."""
        return self.events if self.place == place_of(position) else 0


NO_TRY = LastTry("", 0)


class Tries(NamedTuple):
    """Where tries are noted, by connections of their own.

    :ivar str table: of the tries
    :ivar str owner: its column with whose they are
    :ivar str owners: the table of these, with which they go; empty where somebody forgets them
    """

    table: str
    owner: str
    owners: str = ""

    def note(self, registry, owner_id, position, events):
        """Note, whatever becomes of the transaction at hand, that so many events are tried.

        :return: how often that was tried by now
        """
        with statements_alone(registry) as cr:
            cr.execute(
                SQL(
                    """
                    SET LOCAL synchronous_commit = off;  -- to lose it with PostgreSQL does no harm
                    INSERT INTO %(table)s AS before (%(owner)s, place, events, tries)
                    VALUES (%(id)s, %(place)s, %(events)s, 1)
                        ON CONFLICT (%(owner)s) DO UPDATE
                       SET tries = CASE WHEN (before.place, before.events)
                                           = (excluded.place, excluded.events)
                                        THEN before.tries + 1 ELSE 1 END,
                           place = excluded.place, events = excluded.events
                    RETURNING tries
                    """,
                    table=SQL.identifier(self.table),
                    owner=SQL.identifier(self.owner),
                    id=owner_id,
                    place=place_of(position),
                    events=events,
                )
            )
            return cr.fetchone()[0]

    def forget(self, registry, owner_id):
        """Forget what was tried: the process that did it has said what came of it."""
        with statements_alone(registry) as cr:
            cr.execute(
                SQL(
                    "DELETE FROM %s WHERE %s = %s",
                    SQL.identifier(self.table),
                    SQL.identifier(self.owner),
                    owner_id,
                )
            )


def ensure_tries(cr, tries):
    """Make the table of some tries, where it is missing."""
    owners = SQL("")
    if tries.owners:
        owners = SQL("REFERENCES %s ON DELETE CASCADE", SQL.identifier(tries.owners))
    cr.execute(
        SQL(
            """
            CREATE TABLE IF NOT EXISTS %(table)s (
                %(owner)s int PRIMARY KEY %(owners)s,
                place text NOT NULL,
                tries int NOT NULL
            );
            ALTER TABLE %(table)s ADD COLUMN IF NOT EXISTS events int NOT NULL DEFAULT 1;
            """,
            table=SQL.identifier(tries.table),
            owner=SQL.identifier(tries.owner),
            owners=owners,
        )
    )
