from odoo import models
from odoo.exceptions import UserError


class FlakySnapshotHandler(models.AbstractModel):
    """A handler with bugs that a test repairs by changing a switch."""

    _name = "flaky.snapshot.handler"
    _description = "Fails While Its Bug Is There"
    _inherit = "snapshot.handler"

    # What is wrong at present: nothing, "first" or "second".
    bug = ""
    closed = False

    def _upcast(self, event):
        return event  # it reads every schema version

    def _evolve(self, state, event):
        if self.bug == "first":
            return self._lookup({}, event)
        if self.bug == "second":
            raise ValueError(f"no way to {event.payload['n']}")
        if self.closed:
            raise UserError("Closed in the meantime.")
        return {"seen": [*state.get("seen", []), event.payload["n"]]}

    def _lookup(self, table, event):
        return table[event.payload["n"]]


class FlakyApartSnapshotHandler(models.AbstractModel):
    """The same, telling its callers at once."""

    _name = "flakyapart.snapshot.handler"
    _description = "Fails Aloud While Its Bug Is There"
    _inherit = "flaky.snapshot.handler"
    _error_policy = "reject_and_record"


class ShakySnapshotHandler(models.AbstractModel):
    """For tests that commit, so that they leave the inbox of the others alone."""

    _name = "shaky.snapshot.handler"
    _description = "Fails While Its Bug Is There, for Good"
    _inherit = "flaky.snapshot.handler"


class ShakyApartSnapshotHandler(models.AbstractModel):
    _name = "shakyapart.snapshot.handler"
    _description = "Fails Aloud While Its Bug Is There, for Good"
    _inherit = "flakyapart.snapshot.handler"
