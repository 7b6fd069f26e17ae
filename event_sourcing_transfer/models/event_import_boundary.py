from odoo import api, models
from odoo.exceptions import UserError

from odoo.addons.event_sourcing.canonical_json import normalise
from odoo.addons.event_sourcing.db_errors import is_infrastructure_error


class EventImportBoundary(models.Model):
    """Rules that span streams, asked by a check as an append asks them.

    What the rows before made of a key is noted beside the streams; no key is locked.
    """

    _inherit = "event.job"

    def _check_boundaries(self, event, before, after, keys):
        """Return why a boundary refuses a new event that its handler takes, None where none does.

        :param EventData event: as it would be stored
        :param dict before: the state of its aggregate before it, and ``after``
        :param dict keys: ``{(company id, boundary, key): state}``, as far as they were asked for;
            completed, and changed by an event that none refuses
        """
        guarded = self.env["event.boundary"]._guarded().get(event.model_name)
        if not guarded:
            return None
        changes = {}
        try:
            event = self._memory_handler(event.model_name)._upcast(event)
            for model in guarded.get(event.event_type, ()):
                boundary = self.env[model]
                self._check_in_force(boundary)
                for key in boundary._keys_of(event, before, after):
                    place = event.company_id, boundary._boundary_name(), key
                    if place not in keys:
                        keys[place] = self._load_key(boundary, place)
                    changes[place] = boundary._decided(keys[place], event, key)
        except UserError as error:
            return str(error)
        except Exception as error:
            if is_infrastructure_error(error):
                raise
            return self.env["event.store"]._error_text(error)
        keys.update(changes)
        return None

    @api.model
    def _check_in_force(self, boundary):
        boundary._check_not_off()
        status, name = self.env["event.boundary.status"].sudo(), boundary._boundary_name()
        if status.search([("boundary", "=", name)]).state != "ready":
            raise UserError(status._not_ready(name))

    def _load_key(self, boundary, place):
        """Return the state of a key after the rows that were checked so far."""
        company_id, name, key = place
        staged = self._staged_key(place)
        found = self.env["event.import.staged.stream"]._load(self, [staged])
        if staged in found:
            return found[staged][1]
        row = self.env["event.boundary.state"].sudo()
        domain = [("company_id", "=", company_id), ("boundary", "=", name), ("key", "=", key)]
        row = row.search(domain)
        if not row.version:
            return boundary._initial_state()
        if row.rules == boundary._rules_digest():
            return normalise(row.state or {})
        _count, state, problem = boundary.sudo()._fold_key(place)
        if problem is not None:
            raise problem
        return state

    @api.model
    def _staged_key(self, place):
        """Return what a key is noted as among the streams."""
        company_id, name, key = place
        return company_id, f"boundary:{name}", key
