"""How many rows are read at a time: whatever they hold, they take bounded memory."""

MAX_BYTES = 8 * 1024 * 1024
# Rows that are read at first, before it is known how large they are.
FIRST_PAGE = 250


def next_page(rows, size, most):
    """Return how many rows to read at a time after some, so that they are not too large.

    :param int rows: how many were read
    :param int size: their bytes
    :param int most: at most so many
    """
    return max(1, min(most, 2 * rows, rows * MAX_BYTES // max(size, 1)))
