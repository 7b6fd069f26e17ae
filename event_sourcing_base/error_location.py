"""Where an error came from, said so that the same bug is always recognised."""

import hashlib
import linecache
import traceback
from dataclasses import dataclass
from functools import lru_cache

ADDONS = "odoo.addons."
# Frames of these stand between the handler and the fault, and say nothing about it.
PLUMBING = {"base", "event_sourcing", "event_sourcing_base", "web"}
MAX_LINE = 200


@dataclass(frozen=True, slots=True)
class ErrorLocation:
    """One line of code.

    :ivar file: relative to the addons, such as ``rental/models/handler.py``
    :ivar line: the text of the line, without its indentation; may be empty
    """

    file: str = ""
    function: str = ""
    line: str = ""
    number: int = 0

    def __str__(self):
        return f"{self.file}:{self.number}, {self.function}" if self.file else ""


def find_place(error):
    """Return the innermost line of addon code that ``error`` passed through.

    Where no addon beyond the engine took part, the engine's own line counts, and
    where there is none either, the innermost one of all.

    :param BaseException error: as caught, with its traceback
    :return: a :class:`ErrorLocation`; an empty one for an error that was never raised
    """
    frames = [
        (frame.f_globals.get("__name__", ""), frame.f_code, number)
        for frame, number in traceback.walk_tb(error.__traceback__)
    ]
    addons = [found for found in frames if found[0].startswith(ADDONS)]
    own = [found for found in addons if found[0].split(".")[2] not in PLUMBING]
    for candidates in (own, addons, frames):
        if candidates:
            return _cursor_record(*candidates[-1])
    return ErrorLocation()


@lru_cache(maxsize=10000)
def _cursor_record(module, code, number):
    """Return one line of code, as its file is when it is first asked."""
    return ErrorLocation(
        file=f"{module.removeprefix(ADDONS).replace('.', '/')}.py",
        function=code.co_name,
        line=linecache.getline(code.co_filename, number or 0).strip()[:MAX_LINE],
        number=number or 0,
    )


def fingerprint(error_class, handler, place):
    """Return what errors of one bug have in common, as 16 hexadecimal digits.

    The line counts with its text rather than its number: an edit further up in the
    file does not make it another bug.

    :param str error_class: such as ``KeyError``
    :param str handler: the handler model's name
    :param ErrorLocation place: from :func:`find_place`
    """
    words = (error_class, handler, place.file, place.function, place.line)
    return hashlib.sha256("\0".join(words).encode(errors="replace")).hexdigest()[:16]
