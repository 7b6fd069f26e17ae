"""Lines that are sent in one event loop."""

import asyncio
import threading

from odoo.addons.test_event_sourcing.common import EventCase

from ..loop_senders import LoopSenders
from ..message import DONE, FAILED, Message, Result
from ..sending import Line


class Sender:
    """A sender that is told what to answer, and when."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.sent, self.at_once, self.most = [], 0, 0
        self.wants, self.enough = 0, asyncio.Event()
        self.answers = {}
        self.closed = False

    async def send_async(self, message):
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        if self.at_once >= self.wants:
            self.enough.set()
        await self.enough.wait()
        await asyncio.sleep(0)
        self.at_once -= 1
        self.sent.append(message.id)
        answer = self.answers.get(message.id, Result(DONE))
        if isinstance(answer, Exception):
            raise answer
        return answer

    def close(self):
        self.closed = True
        self.loop.close()


def line(*ids, problem=""):
    return Line(
        [Message(one, "counter", "Added", "A", "odoo:x", b"{}", problem=problem) for one in ids]
    )


class TestLoopSenders(EventCase):
    def setUp(self):
        super().setUp()
        self.sender = Sender()
        self.senders = LoopSenders(lambda: self.sender)

    def run_lines(self, *lines):
        """Send lines; return the states of each."""
        before = threading.active_count()
        for one in lines:
            self.senders.put(one)
        self.senders.close()
        self.assertEqual(threading.active_count(), before)
        self.assertTrue(self.sender.closed)
        ended = [one for one, _late in self.senders.ended(0)]
        self.assertEqual(set(ended), set(lines))
        self.assertEqual(self.senders.outstanding, 0)
        return [[result.state for result in one.results] for one in lines]

    def test_lines_are_sent_side_by_side_and_each_in_its_order(self):
        self.sender.wants = LoopSenders.width  # nothing is answered before
        lines = [line(*(f"{number}-{part}" for part in range(3))) for number in range(300)]
        self.assertEqual(self.run_lines(*lines), [[DONE] * 3] * 300)
        for number in range(300):
            own = [one for one in self.sender.sent if one.startswith(f"{number}-")]
            self.assertEqual(own, [f"{number}-{part}" for part in range(3)])
        self.assertEqual(self.sender.most, LoopSenders.width)

    def test_a_line_ends_with_what_is_not_done(self):
        self.sender.answers = {"b": Result(FAILED, "no"), "y": ValueError("secret")}
        first, second = line("a", "b", "c"), line("x", "y", "z")
        with self.assertLogs("odoo.addons.event_sourcing_delivery.sending", "ERROR") as logs:
            self.assertEqual(self.run_lines(first, second), [[DONE, FAILED]] * 2)
        self.assertNotIn("secret", "".join(logs.output) + second.results[-1].answer)

    def test_what_cannot_be_sent_is_not(self):
        self.assertEqual(self.run_lines(line("a", problem="unreadable")), [[FAILED]])
        self.assertEqual(self.sender.sent, [])

    def test_without_a_line_there_is_no_thread(self):
        self.senders.close()
        self.assertFalse(self.sender.closed)
        self.sender.loop.close()
