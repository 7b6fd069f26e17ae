"""Sending lines in one event loop: a thread for each would cost more than publishing does."""

import asyncio
import threading
import time
from collections import deque

from .message import FAILED, Result
from .sending import Senders, unexpected


class LoopSenders(Senders):
    """One thread with an event loop that sends lines side by side.

    :param connect: function that returns a sender with ``loop``, ``send_async(message)``, which
        returns a ``Result``, and ``close()``
    """

    page = 1000
    # What is published together is sent, confirmed and read together.
    width = 256

    def __init__(self, connect):
        super().__init__(connect)
        self._sender = self._thread = None
        self._to_send, self._workers = deque(), set()

    def put(self, line):
        """Let a line be sent."""
        self.outstanding += 1
        if self._thread is None:
            self._sender = self._connect()
            run = self._sender.loop.run_forever
            self._thread = threading.Thread(target=run, name="event_delivery")
            self._thread.start()
        self._to_send.append(line)
        self._sender.loop.call_soon_threadsafe(self._begin)

    def close(self):
        """End the thread, once it has sent what is under way."""
        if self._thread is None:
            return
        asyncio.run_coroutine_threadsafe(self._wait_for_all(), self._sender.loop).result()
        self._sender.loop.call_soon_threadsafe(self._sender.loop.stop)
        self._thread.join()
        self._sender.close()

    def _begin(self):
        """Let one more line be sent beside those that are, while there is room."""
        if self._to_send and len(self._workers) < self.width:
            worker = self._sender.loop.create_task(self._send_lines())
            self._workers.add(worker)
            worker.add_done_callback(self._workers.discard)

    async def _send_lines(self):
        while self._to_send:
            line, late = self._to_send.popleft(), None
            while late is None and (message := line.next()) is not None:
                result = await self._send(message)
                late = None if line.note(result) else result
            self._ended.put((line, late))

    async def _send(self, message):
        """Send one message; whatever happens, there is a result."""
        if message.problem:
            return Result(FAILED, message.problem)
        began = time.monotonic()
        try:
            result = await self._sender.send_async(message)
        except Exception as error:
            result = unexpected(error)
        return Result(result.state, result.answer, result.pause, time.monotonic() - began)

    async def _wait_for_all(self):
        while self._workers:
            await asyncio.wait(self._workers)
