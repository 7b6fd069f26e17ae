"""How much a piece of a job may hold: whatever rows there are, it ends in its time and memory."""

import time

MAX_BYTES = 8 * 1024 * 1024
MAX_SECONDS = 5
# Rows that are read at first, before it is known how large they are.
FIRST_PAGE = 250


class PieceSize:
    """What a piece holds so far, and since when it is being read."""

    def __init__(self):
        self.began = time.monotonic()
        self.bytes = 0

    def is_full(self):
        """Whether the piece should end with what it holds."""
        return self.bytes >= MAX_BYTES or time.monotonic() - self.began >= MAX_SECONDS


def next_page(rows, size, most):
    """Return how many rows to read at a time after some, so that they are not too large.

    :param int rows: how many were read
    :param int size: their bytes
    :param int most: at most so many
    """
    return max(1, min(most, 2 * rows, rows * MAX_BYTES // max(size, 1)))
