"""Words for people where nobody has given any."""

import re

# Between a small letter or digit and a capital, and for what stands for a space.
BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_.]+")


def spaced(name):
    """Return a technical name in words: ``DemoStarted`` is ``Demo Started``.

    :param str name: may be empty or None
    """
    return " ".join(word for word in BOUNDARY.split(name or "") if word)


def titled(key):
    """Return a key in words, as Odoo labels a field: ``repair_cost`` is ``Repair Cost``.

    :param str key: of a payload or a state
    """
    return spaced(key.removesuffix("_id")).title() or key
