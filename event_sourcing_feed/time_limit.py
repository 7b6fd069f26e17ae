"""A limit for what a consumer does, so that one that loops keeps no other from its turn."""

import signal
import threading
from contextlib import contextmanager


class TimeLimitExceeded(Exception):
    """A consumer took longer than ``_time_limit``."""


@contextmanager
def time_limit(cr, seconds):
    """Interrupt what takes longer: Python in the main thread of a worker, SQL anywhere.

    :param cr: the cursor whose statements are limited, until its transaction ends
    :param int seconds: from now on
    :raise TimeLimitExceeded: in the place where it is interrupted
    """
    cr.execute("SET LOCAL statement_timeout = %s", [int(seconds * 1000)])
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
