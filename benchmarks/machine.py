"""What the measurements ran on."""

import os
import platform
from pathlib import Path


def machine():
    """Return cores, memory and processor, as one phrase."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB of memory, {_processor()}"


def load():
    """Return how busy the machine has been in the last minute, as a number of processes."""
    return os.getloadavg()[0]


def _processor():
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
