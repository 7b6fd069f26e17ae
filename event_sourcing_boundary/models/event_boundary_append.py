from odoo import _, api, models, tools

from odoo.addons.event_sourcing.event import EventData, KeyedEvent
from odoo.addons.event_sourcing.exceptions import (
    BoundaryNotReady,
    HandlerOff,
    RuleViolation,
)
from odoo.addons.event_sourcing_base.canonical_json import normalise, sort_keys
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error

from ..batch import BoundaryBatch
from ..lent import Lent
from .event_boundary import MAX_KEY


class EventBoundaryAppend(models.AbstractModel):
    """Boundaries as a part of an append: keys, locks, decisions.

    The order of locks is the same in every append: the heads of streams, then keys, each sorted.
    Where payloads give all keys they are locked in the statement that locks the heads. Otherwise
    a fold finds them, they are locked in one more, and the events are folded again, with them.
    """

    _inherit = "event.boundary"

    @api.model
    def _new_batch(self, vals_list, handlers):
        """Return the :class:`BoundaryBatch` of an append, None where no boundary is concerned.

        :param list vals_list: clean values of the events
        :param dict handlers: ``{model_name: handler or None}``
        :raise HandlerOff: where a boundary over one of them is declared wrongly
        """
        guarded, names, known, whole = self._guarded(), set(), set(), True
        for vals in vals_list:
            types, handler = guarded.get(vals["model_name"]), handlers[vals["model_name"]]
            if types is None or handler is None:
                continue
            event_type = handler._event_aliases.get(vals["event_type"], vals["event_type"])
            for name in types.get(event_type, ()):
                boundary = self.env[name]
                boundary._check_not_off()
                names.add(name)
                if event_type not in boundary._key_fields:
                    whole = False
                    continue
                try:
                    event = handler._upcast(EventData.from_vals(vals, self.env.uid))
                    keys = boundary._payload_keys(event)
                except Exception:
                    continue  # the fold comes to the same, and says so
                place = vals["company_id"], boundary._boundary_name()
                known.update((*place, key) for key in keys)
        if not names:
            return None
        return self._batch_of(names, known, whole)

    @api.model
    def _batch_of(self, names, known=(), whole=False):
        """Return a :class:`BoundaryBatch` of some boundaries, by the names of their models."""
        rules = {self.env[n]._boundary_name(): self.env[n]._rules_digest() for n in names}
        return BoundaryBatch(self, rules, known if whole else set(), whole)

    @api.model
    def _check_not_off(self):
        if self._is_off():
            raise HandlerOff(
                _(
                    "%(boundary)s is declared wrongly, so that its events cannot be recorded."
                    " %(problem)s",
                    boundary=self._name,
                    problem=self._problems()[0],
                )
            )

    # ------------------------------------------------------------------
    # Locks
    # ------------------------------------------------------------------

    @api.model
    def _lock(self, batch, execute, places, add=0):
        """Lock keys and read their states, in a statement of their own.

        :param execute: what runs a statement, such as ``cr.execute``
        :param int add: how many ids of events to draw under these locks
        :return: the ids, sorted; none where there is nothing to lock
        """
        if not places:
            return []
        execute(*self.env["event.boundary.state"]._begin_call(places, batch.rules, add))
        found = self.env.cr.fetchall()
        self._take_rows(batch, [row for row in found if row[5] is None])
        return sorted(event_id for row in found for event_id in row[5] or ())

    @api.model
    def _take_rows(self, batch, found):
        """Take over locked rows; those of other rules are folded anew.

        :raise BoundaryNotReady: where a boundary does not count yet
        """
        rows = self.env["event.boundary.state"]._rows_of(found)
        status = self.env["event.boundary.status"]
        for name in sorted({place[1] for place, row in rows.items() if row.closed != 0}):
            if not status._ensure(name):
                raise BoundaryNotReady(status._not_ready(name))
        for place, row in rows.items():
            if row.stale:
                rows[place] = self.env[self._names()[place[1]]]._refold(place, row)
        batch.rows.update(rows)
        batch.missing -= rows.keys()

    # ------------------------------------------------------------------
    # Keys
    # ------------------------------------------------------------------

    @api.model
    def _payload_keys(self, event):
        """Return the keys of an event of a type that is named in ``_key_fields``.

        :raise RuleViolation: for what can be no key
        """
        field = self._key_fields[event.event_type]
        given = event.payload.get(field)
        given = given if isinstance(given, list) else [] if given is None else [given]
        try:
            return sorted({self._as_key(key) for key in given})
        except TypeError:
            raise RuleViolation(
                _(
                    "%(field)s must name what the event is about: a text of 1 to %(limit)s"
                    " characters, the id of a record, or a list of these.",
                    field=field,
                    limit=MAX_KEY,
                ),
                f"payload:{field}:key",
            ) from None

    @api.model
    def _keys_of(self, event, before, after):
        """Return ``{key: KeyedEvent}`` of the keys that an event is about, sorted.

        :param EventData event: of today's schema version
        :param dict before: the state of its aggregate before it, and ``after``
        :raise RuleViolation: for a payload that names no key rightly
        :raise TypeError: where ``_keys`` gives what can be no key
        """
        if event.event_type in self._key_fields:
            found = dict.fromkeys(self._payload_keys(event))
        else:
            left = dict.fromkeys(self._details_of(event, before))
            found = {**left, **self._details_of(event, after)}
        return {key: KeyedEvent.of(event, found[key]) for key in sorted(found)}

    @api.model
    def _details_of(self, event, state):
        """Return ``{key: details or None}`` as ``_keys`` gives it for one state."""
        found = self._keys(event, sort_keys(state))
        if isinstance(found, list | tuple | set | frozenset):
            found = dict.fromkeys(found)
        if not isinstance(found, dict):
            raise TypeError(f"{self._name}._keys returned {found!r:.80}, not a list of keys")
        wrong = next((d for d in found.values() if not isinstance(d, dict | None)), None)
        if wrong is not None:
            raise TypeError(f"{self._name}._keys has the details {wrong!r:.80}, not a dict")
        return {
            self._as_key(key): None if details is None else normalise(details)
            for key, details in found.items()
        }

    @api.model
    def _as_key(self, value):
        """Return a key as the text that it is stored as; ids of records are taken, too."""
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63:
            return str(value)
        if isinstance(value, str) and 0 < len(value) <= MAX_KEY and "\0" not in value:
            return value
        raise TypeError(f"{self._name} has the key {value!r:.80}, which is no text of 1 to 256")

    # ------------------------------------------------------------------
    # Decisions
    # ------------------------------------------------------------------

    @api.model
    def _judge(self, batch, event, before, after):
        """Ask all boundaries over an event that its handler has taken; nothing is noted yet.

        :param EventData event: of today's schema version
        :param dict before: the state of its aggregate before it, and ``after``
        :return: ``[((company id, boundary, key), state after the event, KeyedEvent)]``, for
            ``batch.note``; keys that are not locked yet are noted as missing, and left out
        :raise UserError: where one refuses it
        """
        changes = []
        for name in self._guarded().get(event.model_name, {}).get(event.event_type, ()):
            boundary = self.env[name]
            for key, about in batch.keys_of(boundary, event, before, after).items():
                place = event.company_id, boundary._boundary_name(), key
                if place not in batch.rows:
                    batch.missing.add(place)
                    continue
                state = boundary._state_in(batch, place)
                changes.append((place, boundary._decided(state, about, key), about))
        return changes

    @api.model
    def _state_in(self, batch, place):
        """Return the state of a locked key at present.

        :raise Exception: what its events cannot be folded for, where they cannot
        """
        if problem := batch.rows[place].problem:
            raise problem
        state = batch.state(place)
        return self._begin_state() if state is None else state

    @api.model
    def _decided(self, state, event, key):
        """Return the state of a key after a new event.

        :raise UserError: where the boundary refuses it
        """
        lent = Lent(state)
        self._check_new(lent.copy(), event, key)
        return self._evolved(lent, event, key)

    @api.model
    def _evolved(self, lent, event, key):
        """Return what ``_evolve`` gives, in normal form.

        :param Lent lent: the state of the key before it
        """
        after = self._evolve(lent.copy(), event, key)
        if not isinstance(after, dict):
            raise TypeError(
                f"{self._name}._evolve returned {type(after).__name__} for {event.event_type},"
                " not a dict"
            )
        return lent.normalise(after)

    @api.model
    def _begin_state(self):
        """Return the state of a key before its first event, in normal form."""
        return normalise(self._initial_state())

    @api.model
    def _save_statement(self, batch, ids):
        """Return the statement that writes what new events changed, and its parameters.

        :param dict ids: ``{(stream key, version): event id}``
        """
        states = [
            {
                **self._place_vals(place),
                "version": batch.rows[place].version + batch.counts[place],
                "state": state,
                "rules": batch.rules[place[1]],
            }
            for place, state in sorted(batch.states.items(), key=lambda item: item[0])
        ]
        events = [
            {
                **self._place_vals(place),
                "version": version,
                "event_id": ids[event.stream, event.version],
                "details": event.details,
            }
            for place, version, event in batch.events
        ]
        return self.env["event.boundary.state"]._save_statement(states, events)

    @api.model
    def _place_vals(self, place):
        return dict(zip(("company_id", "boundary", "key"), place, strict=True))

    # ------------------------------------------------------------------
    # An event by itself
    # ------------------------------------------------------------------

    @api.model
    def _lock_for(self, handler, event, state):
        """Lock the keys of one stored event; return a :class:`BoundaryBatch`, None without one.

        :param EventData event: as stored
        :param dict state: of its aggregate, before it
        """
        guarded = self._guarded().get(event.model_name)
        if not guarded:
            return None
        today = handler._upcast(event)
        names = guarded.get(today.event_type, ())
        for name in names:
            self.env[name]._check_not_off()
        if not names:
            return None
        batch = self._batch_of(names)
        try:
            batch.judge(self.env, today, state, handler._fold_new(sort_keys(state), event))
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            return batch  # the fold comes to the same, and says so
        self._lock(batch, self.env.cr.execute, set(batch.missing))
        return batch


class EventStore(models.Model):
    """Where an append asks for boundaries."""

    _inherit = "event.store"

    @api.model
    @tools.ormcache()
    def _guarded_types(self):
        return super()._guarded_types() | self.env["event.boundary"]._guarded().keys()

    @api.model
    def _boundaries_of(self, vals_list, handlers):
        return self.env(su=True)["event.boundary"]._new_batch(vals_list, handlers)

    def _boundaries_of_stored(self, handler, event, state):
        return handler.env["event.boundary"]._lock_for(handler, event, state)

    @api.model
    def _boundary_tools(self):
        from .. import testing  # no server needs it

        return testing
