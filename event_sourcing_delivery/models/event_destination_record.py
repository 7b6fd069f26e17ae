import random
from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_feed.models.event_subscription import POSITION, RECOVERED

from ..message import DONE, GONE, UNAVAILABLE
from ..sending import Line, is_outage, wants_pause
from .event_destination_read import LEASE

# Seconds until a receiver that is away is tried again; the last one counts from then on.
PAUSES = (1, 5, 15, 60)
MAX_PAUSE = 3600
# After so many of them managers are told.
ALERT_AFTER = 5


class EventDestinationRecord(models.Model):
    """What became of what was sent, noted in a transaction of its own."""

    _inherit = "event.destination"

    def _record_page(self, token, work):
        """Note what became of a page, and move on in the feed where that may be.

        :param str token: of the process
        :param Work work: with the lines that were sent, which are closed
        :return: ``{line: the line in which it waits now}`` of those with a message under way
        """
        if not self._still_at_it(token):
            return {}
        results = [result for line in work.page for result in line.results]
        done = sum(result.state == DONE for result in results)
        self._log(work.page)
        stops = wants_pause(results)
        if not done and (stops or is_outage(results)):
            # It all comes again: nothing waits but the position.
            self._note_outage(results)
            return {}
        under_way = self._put_apart(work)
        self._move(work.position, done, self._recovered() if results else {})
        if stops:
            self._note_outage(results)
        return under_way

    def _move(self, position, done, vals):
        """Note where it stands, after so many events more, and other values."""
        vals = {**vals, **{name: getattr(position, name) for name in POSITION}}
        self.subscription_id._save({**vals, **(self._sent(done) if done else {})})

    def _recovered(self):
        """Return the values of one whose receiver answers again; the alert ends with the outage."""
        if self.subscription_id.error_count:
            self._clear_alerts()
        return RECOVERED

    def _sent(self, count):
        return {
            "consumed_count": self.subscription_id.consumed_count + count,
            "last_consumed_on": fields.Datetime.now(),
        }

    def _still_at_it(self, token):
        """Lock what is noted; return whether this process still has the destination."""
        self.env.cr.execute(
            "SELECT FROM event_subscription AS sub JOIN event_destination AS dest"
            " ON dest.subscription_id = sub.id JOIN event_delivery_claim AS claim"
            " ON claim.destination_id = dest.id WHERE dest.id = %s AND claim.token = %s"
            " FOR NO KEY UPDATE OF sub",
            [self.id, token],
        )
        return bool(self.env.cr.rowcount)

    def _put_apart(self, work):
        """Let events that were not delivered wait as rows; see :meth:`_record_page`."""
        parts = []
        for line in work.page:
            delivered = sum(result.state == DONE for result in line.results)
            if delivered < len(line.messages):
                parts.append((line, line.messages[delivered:], line.results[delivered:]))
        left = [message for _line, messages, _results in parts for message in messages]
        tasks = self._wait_apart([*left, *work.behind])
        under_way, free = {}, tasks.browse()
        for line, messages, last in parts:
            own, tasks = tasks[: len(messages)], tasks[len(messages) :]
            if last and not wants_pause(last):
                own[0]._note_error(UserError(last[0].answer))
            elif line.is_under_way:
                under_way[line] = Line(messages, own._ids)
            else:
                free += own[0]
        first = tasks.browse([line.task_ids[0] for line in under_way.values()])
        # One under way is tried again by others where this process is not heard of any more.
        for chosen, pause in ((free, 0), (first, LEASE)):
            due = self.env.cr.now() + timedelta(seconds=pause)
            chosen.write({"state": "waiting", "next_try": due})
        if work.behind:
            # Whoever stood before them may be done meanwhile.
            sub = self.subscription_id.id
            lines = {(sub, *message.line) for message in work.behind}
            self.env["event.reaction.task"]._move_up(lines)
        return under_way

    def _wait_apart(self, messages):
        entries = [(message.event_id, message, message.line[1]) for message in messages]
        return self.env["event.reaction.task"]._add_all(self.subscription_id, entries)

    def _record_again(self, line, results):
        """Note what became of messages that were sent again.

        :param Line line: with the ids of their tasks
        :param list results: of the first ones of them; all but the last one are done
        """
        tasks = self.env["event.reaction.task"].browse(line.task_ids)
        log, sub = self.env["event.delivery"], self.subscription_id
        sent = list(zip(line.messages, results, strict=False))
        # Where others got through since its last try, it is the event and not the receiver.
        away = (sent and sent[-1][1].state == UNAVAILABLE) and (
            sub.error_count or not log._is_passed(self, sent[-1][0])
        )
        log._note(self, sent)
        here = tasks[: len(results)].exists().filtered(lambda task: task.state != "skipped")
        pairs = [pair for pair in zip(tasks, results, strict=False) if pair[0] in here]
        done = tasks.browse([task.id for task, result in pairs if result.state == DONE])
        if done:
            self._forget(done)
            sub._save({**self._sent(len(done)), **self._recovered()})
        if not pairs or pairs[-1][1].state == DONE:
            return
        task, result = pairs[-1]
        if wants_pause([result]) or away:
            task.write({"state": "waiting", "next_try": self.env.cr.now()})
            self._note_outage([result])
        else:
            task._note_error(UserError(result.answer))

    def _forget(self, tasks):
        """Forget tasks that are done, and let those behind them go on."""
        lines = {(task.subscription_id.id, task.company_id.id, task.line) for task in tasks}
        if lines:
            tasks._done()
            self.env["event.reaction.task"]._move_up(lines)

    def _log(self, lines):
        sent = [pair for line in lines for pair in zip(line.messages, line.results, strict=False)]
        if sent:
            self.env["event.delivery"]._note(self, sent)

    # ------------------------------------------------------------------
    # Receivers that are away
    # ------------------------------------------------------------------

    def _note_outage(self, results):
        """Let a receiver alone for a while, or for good; what waits stays where it is."""
        bad = [result for result in results if result.state != DONE]
        answer = bad[-1].answer if bad else _("The receiver does not answer.")
        if any(result.state == GONE for result in results):
            self._stop(_("The receiver wants no events any more (%(answer)s).", answer=answer))
            return
        sub, now = self.subscription_id, self.env.cr.now()
        asked = max((result.pause for result in results), default=0)
        if not asked and sub.next_try and sub.next_try > now:
            return  # one of those that were sent side by side has said so
        count = sub.error_count + 1
        pause = PAUSES[min(count, len(PAUSES)) - 1] * random.uniform(1, 1.2)
        pause = min(max(pause, asked), MAX_PAUSE)
        sub._save(
            {
                "error_count": count,
                "next_try": now + timedelta(seconds=pause),
                "last_error": self.env["event.store"]._storable(answer),
            }
        )
        if count == ALERT_AFTER:
            self._raise_alert("_outage_sentence")

    def _stop(self, sentence):
        """Send nothing more before a manager starts it again."""
        self.subscription_id._save({"state": "stopped", "next_try": False, "last_error": sentence})
        self._raise_alert("_stopped_sentence")
