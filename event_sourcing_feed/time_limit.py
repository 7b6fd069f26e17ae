"""A limit for what a consumer does, so that one that loops keeps no other from its turn."""

import signal
import threading
from contextlib import contextmanager


class TimeLimitExceeded(Exception):
    """A consumer took longer than ``_time_limit``."""


def limit_statements(cr, seconds):
    """Let PostgreSQL interrupt every statement that takes longer, until the transaction ends."""
    cr.execute("SET LOCAL statement_timeout = %s", [int(seconds * 1000)])


@contextmanager
def time_limit(seconds):
    """Interrupt Python that takes longer, in the main thread of a worker.

    :param int seconds: from now on
    :raise TimeLimitExceeded: in the place where it is interrupted
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number, _frame):
        raise TimeLimitExceeded(f"It took longer than {seconds} seconds.")

    before = signal.signal(signal.SIGALRM, interrupt)
    # Again and again: a consumer may catch the first one, and go on with the next event.
    signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
