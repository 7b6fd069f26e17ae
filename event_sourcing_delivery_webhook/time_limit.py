"""A limit for a whole request, however slowly its parts come: its socket is ended."""

import socket
import threading
import time
from contextlib import contextmanager, suppress

LOOK = 0.25


class Limit:
    """How long a request may take.

    :param adapter: object whose ``sock`` is that of the connection, or None
    :param float seconds: from now
    :ivar bool is_over: whether it was ended
    """

    def __init__(self, adapter, seconds):
        self.adapter = adapter
        self.deadline = time.monotonic() + seconds
        self.is_over = False

    def end(self):
        """End the connection; whoever reads from it goes on with an error."""
        self.is_over = True
        # It may not be there yet, or not any more.
        with suppress(AttributeError, OSError):
            self.adapter.sock.shutdown(socket.SHUT_RDWR)


class Watchdog:
    """One thread that looks after all requests of this process, while there are any."""

    def __init__(self):
        self._limits = set()
        self._lock = threading.Lock()
        self._thread = None

    @contextmanager
    def limited(self, adapter, seconds):
        """Give a ``Limit`` that holds for what is done here."""
        limit = Limit(adapter, seconds)
        with self._lock:
            self._limits.add(limit)
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
        try:
            yield limit
        finally:
            with self._lock:
                self._limits.discard(limit)

    def _watch(self):
        while True:
            time.sleep(LOOK)
            with self._lock:
                if not self._limits:
                    self._thread = None
                    return
                over = [limit for limit in self._limits if limit.deadline < time.monotonic()]
            for limit in over:
                limit.end()


watchdog = Watchdog()
