from collections import Counter
from typing import NamedTuple

from odoo.addons.event_sourcing.exceptions import BoundaryKeysMissing
from odoo.addons.event_sourcing_base.canonical_json import canonical

REMEMBERED = 1000  # events of a first fold; of more than these the handlers are asked again


class FirstFold(NamedTuple):
    """What a fold came to that was to find the keys.

    :ivar dict before: the state of the aggregate before the event, and ``after``
    :ivar dict keys: ``{model of a boundary: what its _keys_of gave}``
    """

    before: dict
    after: dict
    keys: dict


class BoundaryBatch:
    """What the boundaries over the events of one append know, and what becomes of it.

    An append asks it at each stage.

    :ivar dict rules: ``{boundary: digest of its rules today}`` of those concerned
    :ivar set known: the keys to lock with the streams, ``(company id, boundary, key)`` each
    :ivar bool whole: whether these are all; else a first fold finds them
    :ivar dict rows: ``{(company id, boundary, key): BoundaryRow}``, locked
    :ivar dict states: of those that new events have changed
    :ivar list events: ``(key of the row, its version after the event, KeyedEvent)``
    :ivar set missing: keys that are asked for and not locked
    :ivar dict named: what folds have looked up of records, see ``_look_up_named``
    """

    def __init__(self, boundaries, rules, known, whole):
        self._boundaries = boundaries
        self.rules, self.known, self.whole = rules, known, whole
        self.begin()

    def begin_call(self, count):
        """Begin anew; return the statement that locks what is known, None where nothing is.

        :param int count: of ids to draw under these locks
        """
        self.begin()
        states = self._boundaries.env["event.boundary.state"]
        return states._begin_call(self.known, self.rules, count) if self.known else None

    def take_rows(self, rows):
        """Take over what that statement gave."""
        self._boundaries._take_rows(self, rows)

    def lock_missing(self, step, vals_list):
        """Lock the keys that a first fold has found, and give the events ids under these locks.

        :param list vals_list: numbered events
        """
        ids = self._boundaries._lock(self, step.execute, set(self.missing), len(vals_list))
        for vals, event_id in zip(vals_list, ids, strict=False):  # none: there are no keys
            vals["id"] = event_id
        self.forget()

    def judge(self, env, event, before, after, remember=True):
        """Return what an event changes, in the language of ``env``; see ``_judge``.

        :param bool remember: whether a further fold of the event comes to the same
        """
        place = event.stream, event.version
        if remember and not self.whole and len(self._folds) < REMEMBERED:
            known = self._folds.get(place)
            if known is None or known.after is not after:
                self._folds[place] = FirstFold(before, after, {})
        return env["event.boundary"]._judge(self, event, before, after)

    def recall(self, event, before):
        """Return the state after an event as the first fold found it, None where it did not.

        :param dict before: the state of its aggregate, which may be another one than then: what
            was taken then may be refused now
        """
        known = self._folds.get((event.stream, event.version))
        if known is None:
            return None
        same = known.before is before or canonical(known.before) == canonical(before)
        return known.after if same else None

    def keys_of(self, boundary, event, before, after):
        """Return what ``_keys_of`` does; where a second fold comes to the same it is not asked."""
        known = self._folds.get((event.stream, event.version))
        if known is None or known.after is not after:
            return boundary._keys_of(event, before, after)
        if boundary._name not in known.keys:
            known.keys[boundary._name] = boundary._keys_of(event, before, after)
        return known.keys[boundary._name]

    def save_statement(self, ids):
        """Return the statement that writes what new events changed, and its parameters.

        :param dict ids: ``{(stream key, version): event id}``
        """
        self._boundaries.env["event.boundary.state"].invalidate_model(flush=False)
        return self._boundaries._save_statement(self, ids)

    def save_single(self, event):
        """Write what one stored event changed; ``event`` is its record."""
        if self.events:
            value = self.events[0][2]
            statement = self.save_statement({(value.stream, value.version): event.id})
            event.env.cr.execute(*statement)

    def begin(self):
        """Begin with nothing locked."""
        self.rows, self.missing, self.named = {}, set(), {}
        self._folds = {}
        self.forget()

    def forget(self):
        """Begin to fold anew, under the same locks."""
        self.states, self.events, self.counts = {}, [], Counter()

    def state(self, place):
        """Return the state of a key at present, None for none, under its lock."""
        return self.states[place] if place in self.states else self.rows[place].state

    def note(self, changes):
        """Take over what an event changes; see ``event.boundary._judge``."""
        for place, state, event in changes:
            self.counts[place] += 1
            self.states[place] = state
            self.events.append((place, self.rows[place].version + self.counts[place], event))

    def check_complete(self):
        """Raise :class:`BoundaryKeysMissing` where an event was not judged for want of a lock."""
        if self.missing:
            self.known = {*self.known, *self.rows, *self.missing}
            self.whole = True
            raise BoundaryKeysMissing(f"{len(self.missing)} keys")
