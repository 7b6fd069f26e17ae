"""How much memory something takes at its highest, above what the process had before."""

import gc
import re
from pathlib import Path

STATUS = Path("/proc/self/status")


class Peak:
    """A context; ``mebibytes`` is the highest resident memory in it above that before it."""

    def __enter__(self):
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")  # the high-water mark begins anew
        self.before = _kibibytes("VmRSS")
        return self

    def __exit__(self, *_error):
        self.mebibytes = (_kibibytes("VmHWM") - self.before) / 1024


def _kibibytes(name):
    return int(re.search(rf"{name}:\s+(\d+)", STATUS.read_text())[1])
