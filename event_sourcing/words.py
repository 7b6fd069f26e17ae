"""Words for people where nobody has given any."""

import re

# Between a small letter or digit and a capital, and for what stands for a space.
BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_.]+")


def spaced(name):
    """Return a technical name in words: ``DemoStarted`` is ``Demo Started``.

    :param str name: may be empty or None
    """
    return " ".join(word for word in BOUNDARY.split(name or "") if word)
