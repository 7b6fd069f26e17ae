"""How much a chunk of a job may hold: whatever rows there are, it ends in its time and memory."""

import time

from odoo.addons.event_sourcing_base import page_size

MAX_SECONDS = 5


class ChunkSize:
    """What a chunk holds so far, and since when it is being read."""

    def __init__(self):
        self.began = time.monotonic()
        self.bytes = 0

    def is_full(self):
        """Whether the chunk should end with what it holds."""
        return self.bytes >= page_size.MAX_BYTES or time.monotonic() - self.began >= MAX_SECONDS
