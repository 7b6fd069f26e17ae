import marshal

from odoo.addons.event_sourcing_base.canonical_json import normalise, normalise_beside

# The last version of the format in which equal values have equal bytes, wherever they come from.
FORMAT = 2


class Lent:
    """A state that is lent to the methods of a boundary, which may be careless with it.

    What they get is a copy, so that the state stays as it is. One copy does for all of them as
    long as none changes it.

    :param dict state: in normal form
    """

    def __init__(self, state):
        self._state = state
        self._bytes = marshal.dumps(state, FORMAT)
        self._copy = None

    def copy(self):
        """Return the copy, a new one where it was changed."""
        if self._copy is None or self._is_changed():
            self._copy = marshal.loads(self._bytes)
        return self._copy

    def normalise(self, value):
        """Return in normal form what was made of the copy.

        :raise InvalidJson: when it cannot be held
        """
        if self._is_changed():
            return normalise(value)
        return normalise_beside(value, self._copy, self._state)

    def _is_changed(self):
        try:
            return marshal.dumps(self._copy, FORMAT) != self._bytes
        except ValueError:  # something that is no JSON was put into it
            return True
