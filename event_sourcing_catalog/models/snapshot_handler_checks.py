from odoo import _, api, models

from odoo.addons.event_sourcing_base.no_cursor import without_database
from odoo.addons.event_sourcing_declaration.declared import guess

# Where a handler decides on statuses by itself, the table does not say what is reached.
OWN_STATUSES = ("_next_status", "_checked_evolve", "_fold", "apply_event")


class SnapshotHandlerChecks(models.AbstractModel):
    """Statuses that a handler never comes to: it is switched off, too.

    On the registry and not on handlers, whose classes are part of the rules by which they fold.
    """

    _inherit = "snapshot.handler.registry"

    @api.model
    def _further_problems(self, handler):
        return [*super()._further_problems(handler), *self._wrong_statuses(handler)]

    @api.model
    def _wrong_statuses(self, handler):
        base = self.env.registry["snapshot.handler"]
        own = any(getattr(type(handler), n) is not getattr(base, n) for n in OWN_STATUSES)
        if own or not handler._transitions:
            return
        rules = handler._transitions
        reached = {handler._initial_status}
        if type(handler)._initial_state is not base._initial_state:
            reached |= set(self._other_beginning(handler))
        while True:
            further = {
                target
                for rule in rules.values()
                if not rule.sources or reached & {*rule.sources}
                for target in rule.targets
            }
            if further <= reached:
                break
            reached |= further
        for event_type, rule in rules.items():
            for status in rule.sources:
                if status not in reached:
                    yield _(
                        "_transitions lets %(type)s happen while the status is %(status)s%(guess)s,"
                        " to which no event leads; correct the status, or add the event that"
                        " leads to it.",
                        type=event_type,
                        status=status,
                        guess=guess(status, reached - {status}),
                    )
        for status in handler._ended_statuses:
            if status not in reached:
                yield _(
                    "_ended_statuses names %(status)s%(guess)s, to which no event leads; correct"
                    " the status.",
                    status=status,
                    guess=guess(status, reached - {status}),
                )
        snapshots = self.env.registry.get(handler._snapshot_model)
        column = None if snapshots is None else snapshots._fields.get("status")
        if column is None or column.type != "selection" or not isinstance(column.selection, list):
            return
        known = {value for value, _label in column.selection}
        for status in sorted(reached - known):
            yield _(
                "The status %(status)s%(guess)s is no choice of the field status of %(model)s; add"
                " it there, or correct it here.",
                status=status,
                guess=guess(status, known),
                model=handler._snapshot_model,
            )

    @api.model
    def _other_beginning(self, handler):
        """Return the status with which a handler begins by itself, as a list of one or none."""
        try:
            status = without_database(handler)[0]._initial_state().get("status")
        except Exception:
            return []  # told apart
        return [status] if isinstance(status, str) else []
