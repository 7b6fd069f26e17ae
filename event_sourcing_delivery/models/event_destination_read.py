from typing import NamedTuple

from odoo import _, api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.event_sourcing_base.compat import readable
from odoo.addons.event_sourcing_feed.models.event_reaction_run import DUE
from odoo.addons.event_sourcing_feed.models.event_reaction_task import FIRST
from odoo.addons.event_sourcing_feed.position import Position

from ..message import Message, envelope
from ..sending import Line
from .event_destination_identity import IDENTITY

# Events of the feed that look whether a receiver is back.
PROBE = 8
# Lines of events that waited, that are sent again at a time, and events of each.
LINES = 8
IN_A_ROW = 20
# Seconds for which a destination, or an event that is sent again, belongs to one process.
LEASE = 60


class Work(NamedTuple):
    """What is to be sent now.

    :ivar list page: lines of what is new in the feed
    :ivar list behind: messages of streams of which an event waits already
    :ivar Position position: where the destination stands once both are noted
    :ivar list again: lines of what waited
    :ivar bool moved: whether there was anything new in the feed, for it or not
    """

    page: list
    behind: list
    position: Position
    again: list
    moved: bool


class EventDestinationRead(models.Model):
    """What is to be sent to a destination, read in a short transaction."""

    _inherit = "event.destination"

    # ------------------------------------------------------------------
    # Whose it is
    # ------------------------------------------------------------------

    def _claim(self, token):
        """Let this destination belong to one process for a while; return whether it does.

        In the database's clock; one that was set back ends a lease.
        """
        self.env.cr.execute(
            """
            INSERT INTO event_delivery_claim AS claim (destination_id, token, until)
            VALUES (%(id)s, %(token)s, clock_timestamp() + make_interval(secs => %(lease)s))
                ON CONFLICT (destination_id) DO UPDATE
               SET token = excluded.token, until = excluded.until
             WHERE claim.token = excluded.token
                OR claim.until NOT BETWEEN clock_timestamp()
                   AND clock_timestamp() + make_interval(secs => %(lease)s)
            """,
            {"id": self.id, "token": token, "lease": LEASE},
        )
        return bool(self.env.cr.rowcount)

    def _unclaim(self, token):
        self.env.cr.execute(
            "DELETE FROM event_delivery_claim WHERE destination_id = %s AND token = %s",
            [self.id, token],
        )

    @api.model
    def _due(self):
        """Return SQL for the ids of destinations that are to be sent something, as a query."""
        chosen = SQL("sub.kind = 'destination' AND sub.state = 'running'")
        return SQL(
            """
            SELECT dest.id FROM event_destination AS dest
              JOIN event_subscription AS sub ON sub.id = dest.subscription_id
             WHERE dest.active AND sub.state = 'running' AND dest.identity = %(identity)s
               AND NOT EXISTS (
                   SELECT FROM event_delivery_claim AS claim
                    WHERE claim.destination_id = dest.id
                      AND claim.until BETWEEN clock_timestamp()
                          AND clock_timestamp() + make_interval(secs => %(lease)s))
               AND (sub.id IN (%(pages)s)
                    OR NOT %(pausing)s AND EXISTS (SELECT FROM (%(again)s) AS task))
             ORDER BY dest.id
            """,
            identity=SQL(IDENTITY),
            lease=LEASE,
            pages=self.env["event.subscription"]._pages_due(chosen),
            pausing=SQL(PAUSING),
            again=self._again(SQL("task.subscription_id = sub.id"), 1),
        )

    @api.model
    def _again(self, chosen, limit):
        """Return SQL for the ids of tasks that are to be sent again, as a query."""
        return SQL(
            "SELECT task.id FROM event_reaction_task AS task WHERE task.state = 'waiting'"
            " AND %s AND %s AND %s ORDER BY task.next_try LIMIT %s",
            SQL(DUE),
            chosen,
            SQL(FIRST),
            limit,
        )

    # ------------------------------------------------------------------
    # What is to be sent
    # ------------------------------------------------------------------

    def _take(self, token, limit):
        """Read what is to be sent now.

        :param str token: of the process
        :param int limit: events of the feed, at most
        :return: ``Work``, or None where this process is to send nothing
        """
        # Nobody else may pause it, or change what it is, while this is read.
        self.env.cr.execute(
            SQL(
                "SELECT %(pausing)s FROM event_destination AS dest"
                " JOIN event_subscription AS sub ON sub.id = dest.subscription_id"
                " WHERE dest.id = %(id)s AND dest.active AND sub.state = 'running'"
                " AND dest.identity = %(identity)s FOR NO KEY UPDATE OF sub",
                pausing=SQL(PAUSING),
                id=self.id,
                identity=SQL(IDENTITY),
            )
        )
        found = self.env.cr.fetchone()
        if not found or found[0] or not self._claim(token):
            return None
        try:
            reader = self._reader()
        except UserError as error:
            self._stop(str(error))
            return None
        return self._work(reader, limit)

    def _senders_or_stop(self):
        """Return what :meth:`_senders` does; stop where something is missing, and return None."""
        try:
            return self._senders()
        except UserError as error:
            self._stop(str(error))
            return None

    def _work(self, reader, limit):
        store, sub = self.env["event.store"], self.subscription_id
        limit = PROBE if sub.error_count else limit
        events, position = store._read_feed_page(sub._position(), self._feed_filter(), limit)
        page, behind = self._sorted(reader, events)
        moved = position != sub._position()
        if moved and not page and not behind:
            self._move(position, 0, {})  # nobody was reached: an outage lasts
        return Work(page, behind, position, self._take_again(reader), moved)

    def _sorted(self, reader, events):
        """Return lines of these events, and messages of lines that are held up already."""
        lines, behind = {}, []
        names = [line_of(event) for event in events]
        held = self.env["event.reaction.task"]._held(self.subscription_id, events, names)
        for message in self._messages(reader, events):
            if message.line in held:
                behind.append(message)
            else:
                lines.setdefault(message.line, []).append(message)
        return [Line(messages) for messages in lines.values()], behind

    def _messages(self, reader, events):
        """Return those of these events that the user may read, as they are sent."""
        allowed = set(readable(reader.browse([event.id for event in events])).ids)
        sources, schemas, messages = {}, {}, []
        for event in events:
            if event.id not in allowed:
                continue
            kind = (event.model_name, event.event_type, event.schema_version)
            if kind not in schemas:
                schemas[kind] = self._dataschema(event)
            if event.company_id not in sources:
                sources[event.company_id] = self._source_of(event.company_id)
            messages.append(message_of(event, sources[event.company_id], schemas[kind]))
        return messages

    def _dataschema(self, event):
        """Return the URL of the JSON Schema of an event's payload, or an empty text; a hook."""
        return ""

    def _take_again(self, reader):
        """Return lines of what waited and is to be sent again, which are this process's now."""
        tasks = self.env["event.reaction.task"]
        mine = SQL("task.subscription_id = %s", self.subscription_id.id)
        self.env.cr.execute(
            SQL(
                "UPDATE event_reaction_task SET next_try = timezone('UTC', now())"
                " + make_interval(secs => %s) WHERE id IN (%s) RETURNING id",
                LEASE,
                self._again(mine, LINES),
            )
        )
        first = tasks.browse([task_id for (task_id,) in self.env.cr.fetchall()])
        first.invalidate_recordset(flush=False)
        lines = []
        for task in first:
            line = self._line_again(reader, task + task._next_behind(IN_A_ROW - 1))
            if line:
                lines.append(line)
        return lines

    def _line_again(self, reader, tasks):
        store = self.env["event.store"]
        events = store._feed_events_of(tasks.event_id.ids, SQL("true"))
        here = {event.id for event in events}
        first = tasks[0]
        if first.event_id.id not in here:
            sentence = _("The event is not here any more; an archive may have it.")
            first._note_error(UserError(sentence))
            return None
        messages = self._messages(reader, events)
        sent = {message.event_id for message in messages}
        by_event = {task.event_id.id: task.id for task in tasks}
        hidden = tasks.filtered(lambda t: t.event_id.id in here and t.event_id.id not in sent)
        self._forget(hidden)  # its user may not read them any more
        if not messages:
            return None
        return Line(messages, tuple(by_event[message.event_id] for message in messages))


class EventReactionTask(models.Model):
    _inherit = "event.reaction.task"

    def _next_behind(self, limit):
        """Return those that wait right behind it, in their order."""
        self.ensure_one()
        self.env.cr.execute(
            "SELECT id FROM event_reaction_task WHERE state = 'behind' AND subscription_id = %s"
            " AND company_id = %s AND line = %s AND event_id > %s ORDER BY event_id LIMIT %s",
            [self.subscription_id.id, self.company_id.id, self.line, self.event_id.id, limit],
        )
        return self.browse([task_id for (task_id,) in self.env.cr.fetchall()])


# That a destination waits after an outage, about ``sub``; further ahead the clock was set back.
PAUSING = """coalesce(sub.next_try BETWEEN timezone('UTC', now())
             AND timezone('UTC', now()) + interval '2 hours', false)"""


def message_of(event, source, dataschema=""):
    """Return an event of the feed as it is sent.

    :param FeedEvent event: in today's names and schema version
    :param str source: see ``_source_of``
    :param str dataschema: URL of the JSON Schema of its payload, where there is one
    :rtype: Message
    """
    return Message(
        id=event.event_uuid,
        model_name=event.model_name,
        event_type=event.event_type,
        aggregate_id=event.aggregate_id,
        source=source,
        body=b"" if event.problem else envelope(event, source, dataschema),
        event_id=event.id,
        line=(event.company_id, line_of(event)),
        problem=str(event.problem or ""),
    )


def line_of(event):
    """Return the name of the line of an event, within its company: its stream."""
    return f"{event.model_name}/{event.aggregate_id}"
