from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing_base.canonical_json import normalise
from odoo.addons.event_sourcing_base.db_errors import is_infrastructure_error


class CheckedKeys(dict):
    """What boundaries know of keys after the rows so far, ``{(company id, boundary, key): state}``.

    :ivar set ready: the names of the boundaries that count
    """

    ready = frozenset()


class EventImportBoundary(models.Model):
    """Rules that span streams, asked by a check as an append asks them.

    What the rows before made of a key is noted beside the streams; no key is locked.
    """

    _inherit = "event.job"

    def _check_boundaries(self, event, before, after, keys):
        """Return why a boundary refuses a new event that its handler takes, None where none does.

        :param EventData event: as it would be stored
        :param dict before: the state of its aggregate before it, and ``after``
        :param CheckedKeys keys: as far as they were asked for; completed, and changed by an
            event that none refuses
        """
        guarded = self.env["event.boundary"]._guarded().get(event.model_name)
        if not guarded:
            return None
        changes = {}
        try:
            event = self._memory_handler(event.model_name)._upcast(event)
            for model in guarded.get(event.event_type, ()):
                boundary = self.env[model]
                self._check_in_force(boundary, keys.ready)
                for key, about in boundary._keys_of(event, before, after).items():
                    place = event.company_id, boundary._boundary_name(), key
                    if place not in keys:
                        keys.update(self._load_keys([place]))
                    if place not in keys:  # by the rules of today it is another state
                        keys[place] = self._fold_key(boundary, place)
                    changes[place] = boundary._decided(keys[place], about, key)
        except UserError as error:
            return str(error)
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            return self.env["event.store"]._error_text(error)
        keys.update(changes)
        return None

    @api.model
    def _check_in_force(self, boundary, ready):
        boundary._check_not_off()
        name = boundary._boundary_name()
        if name not in ready:
            raise UserError(self.env["event.boundary.status"].sudo()._not_ready(name))

    def _read_keys(self, items, streams):
        """Read at once what boundaries know of the keys that these rows are likely about.

        Those that follow from a state which other rows lead to are read when they are met.

        :param dict streams: as they stand before these rows
        :return: ``CheckedKeys``
        """
        guarded, places, keys = self.env["event.boundary"]._guarded(), set(), CheckedKeys()
        if not guarded:
            return keys
        status = self.env["event.boundary.status"].sudo()
        keys.ready = frozenset(status.search([("state", "=", "ready")]).mapped("boundary"))
        for item in items:
            key = self._stream_key(item["vals"])
            types, (_version, state) = guarded.get(key[1]), streams.get(key, (0, None))
            if types and state is not None and "content_hash" not in item["vals"]:
                places.update(self._likely_keys(key, types, state, item["vals"]))
        if places:
            keys.update(self._load_keys(places))
        return keys

    def _likely_keys(self, stream, types, state, vals):
        """Yield ``(company id, boundary, key)`` of an event, as the state before gives them."""
        company_id, model_name, _aggregate_id = stream
        try:
            event = self._as_event_data(vals, model_name, 0, company_id, self.env.uid)
            event = self._memory_handler(model_name)._upcast(event)
            for model in types.get(event.event_type, ()):
                boundary = self.env[model]
                for key in boundary._keys_of(event, state, state):
                    yield company_id, boundary._boundary_name(), key
        except Exception as error:  # the check comes to the same, and says so
            if is_infrastructure_error(error):
                raise

    def _load_keys(self, places):
        """Return ``{place: state}`` of keys after the rows that were checked so far.

        Without those whose state is stored by other rules than those of today.
        """
        boundaries, names = {}, self.env["event.boundary"]._names()
        for place in places:
            boundaries[place] = self.env[names[place[1]]]
        staged = self.env["event.import.staged.stream"]._load(
            self, [self._staged_key(place) for place in boundaries]
        )
        self.env.cr.execute(
            """
            SELECT row.company_id, row.boundary, row.key, row.state, row.rules
              FROM unnest(%s::int[], %s::text[], %s::text[]) AS wanted (company_id, boundary, key)
              JOIN event_boundary_state AS row USING (company_id, boundary, key)
             WHERE row.version > 0
            """,
            list(map(list, zip(*boundaries, strict=True))),
        )
        stored = {row[:3]: row[3:] for row in self.env.cr.fetchall()}
        found = {}
        for place, boundary in boundaries.items():
            if (key := self._staged_key(place)) in staged:
                found[place] = staged[key][1]
            elif place not in stored:
                found[place] = boundary._begin_state()
            elif stored[place][1] == boundary._rules_digest():
                found[place] = normalise(stored[place][0] or {})
        return found

    def _fold_key(self, boundary, place):
        _count, state, problem = boundary.sudo()._fold_key(place)
        if problem is not None:
            raise problem
        return state

    @api.model
    def _staged_key(self, place):
        """Return what a key is noted as among the streams."""
        company_id, name, key = place
        return company_id, f"boundary:{name}", key
