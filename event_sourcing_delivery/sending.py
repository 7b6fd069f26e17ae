"""Sending in threads, outside of any transaction: a stream in its order, several at a time."""

import logging
import threading
import time
from contextlib import suppress
from queue import Empty, SimpleQueue

from .message import DONE, FAILED, GONE, UNAVAILABLE, Result

_logger = logging.getLogger(__name__)

# Streams of one destination that are sent side by side, each in a thread.
CONCURRENT = 16
# Seconds after which nothing else of a page waits for a message that is under way.
PATIENCE = 2.0
# So many streams that fail, and none that does not: it is the receiver, not the events.
MANY = 10
LOOK = 0.1


class Line:
    """Messages of one stream, sent one after the other until one of them is not done.

    :param list messages: of ``Message``, in order
    :param tuple task_ids: of ``event.reaction.task``, where they waited as rows
    """

    def __init__(self, messages, task_ids=()):
        self.messages = messages
        self.task_ids = task_ids
        self.results = []
        self.is_under_way = False  # once it is closed: whether a message is still being sent
        self._lock = threading.Lock()
        self._began = None
        self._closed = False

    @property
    def is_over(self):
        """Whether nothing of it is to be sent any more."""
        results = self.results
        return len(results) == len(self.messages) or (bool(results) and results[-1].state != DONE)

    def next(self):
        """Return the message that is to be sent now, or None."""
        with self._lock:
            if self._closed or self.is_over:
                return None
            self._began = time.monotonic()
            return self.messages[len(self.results)]

    def note(self, result):
        """Note what became of the message under way; return False where nobody waits for it."""
        with self._lock:
            self._began = None
            if not self._closed:
                self.results.append(result)
            return not self._closed

    def close(self):
        """Send nothing more of it: what becomes of a message under way is told apart."""
        with self._lock:
            self._closed = True
            self.is_under_way = self._began is not None

    def is_stuck(self):
        """Whether its message has been under way for so long that others do not wait."""
        began = self._began
        return began is not None and time.monotonic() - began > PATIENCE


class Senders:
    """Threads that send lines.

    :cvar int page: events of the feed that are worth reading at a time
    :cvar int width: lines that are sent side by side
    :param connect: function that returns a sender for one thread: an object with
        ``send(message)``, which returns a ``Result``, and ``close()``
    """

    page = 200
    width = CONCURRENT

    def __init__(self, connect):
        self._connect = connect
        self._lines, self._ended = SimpleQueue(), SimpleQueue()
        self._threads = []
        self.outstanding = 0

    def put(self, line):
        """Let a line be sent."""
        self.outstanding += 1
        self._lines.put(line)
        if len(self._threads) < min(self.outstanding, self.width):
            thread = threading.Thread(target=self._work, name="event_delivery")
            self._threads.append(thread)
            thread.start()

    def ended(self, timeout=LOOK):
        """Return lines that ended, each as ``(line, result that came too late or None)``.

        :param timeout: seconds to wait for the first one
        """
        found = []
        with suppress(Empty):
            found.append(self._ended.get(timeout=timeout))
            while True:
                found.append(self._ended.get_nowait())
        self.outstanding -= len(found)
        return found

    def close(self):
        """End the threads, once they have sent what is under way."""
        for _thread in self._threads:
            self._lines.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self):
        sender = None
        while (line := self._lines.get()) is not None:
            late = None
            while late is None and (message := line.next()) is not None:
                try:
                    sender = sender or self._connect()
                    result = send(sender, message)
                except Exception as error:
                    result = unexpected(error)
                late = None if line.note(result) else result
            self._ended.put((line, late))
        if sender is not None:
            sender.close()


def send(sender, message):
    """Send one message; whatever happens, there is a result."""
    if message.problem:
        return Result(FAILED, message.problem)
    began = time.monotonic()
    try:
        result = sender.send(message)
    except Exception as error:
        result = unexpected(error)
    return Result(result.state, result.answer, result.pause, time.monotonic() - began)


def unexpected(error):
    """Return the result of an error that the sender did not expect."""
    # Without its text, which may hold the address or what else nobody is to read.
    _logger.error("A sender failed with %s.", type(error).__name__)
    return Result(FAILED, type(error).__name__)


def stops_all(results, before=()):
    """Whether what came of a page so far says that nothing more is to be sent now.

    One that nobody could be reached for says little: the next one may be taken.

    :param list results: that are new
    :param list before: those that were asked about before
    """
    if wants_pause(results):
        return True
    together = [*before, *results]
    return len(together) >= MANY and is_outage(together)


def wants_pause(results):
    """Whether the receiver wants to be left alone, for a while or for good."""
    return any(result.pause or result.state == GONE for result in results)


def is_outage(results):
    """Whether the receiver is not there for anybody, as far as what came of a page says."""
    if any(result.state == DONE for result in results):
        return False
    states = [result.state for result in results]
    return UNAVAILABLE in states or states.count(FAILED) >= MANY
