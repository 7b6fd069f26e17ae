import random
import time

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from .. import shadow_tables
from .event_projection_subscription import LAST_PAGES
from .event_subscription import RECOVERED

TRIES = 6
# Whoever read the read model and appends now waits for the switch, which waits for them: the
# switch gives up first, before PostgreSQL looks for deadlocks (after a second).
TABLES_PATIENCE = "800ms"


class EventProjectionBuildSwitch(models.Model):
    """Putting a build in the place of the read model in use, and taking it back.

    Tables and position change in one transaction, under the lock that appends share where the
    projection runs inside them: nothing is lost, and nothing taken twice.
    """

    _inherit = "event.projection.build"

    # ------------------------------------------------------------------
    # What managers do
    # ------------------------------------------------------------------

    def action_compare(self):
        """Show what a switch would change."""
        self.ensure_one()
        self.subscription_id._managed()
        self.sudo()._check_state("ready")
        self.sudo()._check_columns()
        wizard = self.env["event.projection.comparison"]._of(self.sudo())
        return {
            "type": "ir.actions.act_window",
            "name": _("What the Switch Changes"),
            "res_model": wizard._name,
            "res_id": wizard.id,
            "view_mode": "form",
            "target": "new",
        }

    def action_switch(self):
        """Put the build in the place of the read model."""
        return self._apart("_switch")

    def action_go_back(self):
        """Put the former tables back; the read model follows from where they stood."""
        return self._apart("_go_back")

    def action_discard(self):
        """Drop the tables that stand beside those in use."""
        return self._apart("_discard_checked")

    def _apart(self, name):
        """Do something in a transaction of its own, which sees what appends leave."""
        self.ensure_one()
        self.subscription_id._managed()
        for left in reversed(range(TRIES)):
            try:
                with self.env["event.projection.mode"]._in_read_committed() as env:
                    own = env[self._name].browse(self.id)
                    getattr(own.with_context(lang=self.env.context.get("lang")), name)()
                break
            except (
                psycopg2.errors.LockNotAvailable,
                psycopg2.errors.DeadlockDetected,
            ) as error:
                if not left:
                    raise UserError(
                        _(
                            "Others read or write the read model without a pause. Nothing was"
                            " changed; try again in a moment."
                        )
                    ) from error
                time.sleep(random.uniform(0.05, 0.5))
        self.env.invalidate_all()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # ------------------------------------------------------------------
    # How
    # ------------------------------------------------------------------

    def _lock_all(self, state):
        """Lock the subscription, the build and the mode, in this order.

        :param str state: that the build must have
        :return: ``(subscription, mode)``; the mode is empty where the projection is not inline
        """
        sub = self.subscription_id
        cr = self.env.cr
        cr.execute("SELECT FROM event_subscription WHERE id = %s FOR NO KEY UPDATE", [sub.id])
        cr.execute("SELECT FROM event_projection_build WHERE id = %s FOR NO KEY UPDATE", [self.id])
        self.env.invalidate_all(flush=False)
        self._check_state(state)
        return sub, self.env["event.projection.mode"]._lock_alone(sub.consumer)

    def _check_state(self, state):
        if self.state != state:
            states = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                _(
                    "The build is not in the state %(state)s any more; open it again.",
                    state=states[state],
                )
            )

    def _check_columns(self):
        """Raise UserError where Odoo could not work with the tables beside."""
        if other := shadow_tables.other_columns(self.env.cr, self._schema(), self._tables()):
            raise UserError(
                _(
                    "The columns of %(tables)s have changed since these tables were made; discard"
                    " them, and rebuild.",
                    tables=", ".join(other),
                )
            )

    def _switch(self):
        sub, mode = self._lock_all("ready")
        if self.error_count:
            (told,) = self.sudo(False).read(["last_error"])
            raise UserError(_("The build has an error: %(error)s", error=told["last_error"]))
        self._check_columns()
        self._check_not_referred_to(sub, self._tables())
        former = sub._position()
        if mode.live:
            if not self._catch_up():
                raise UserError(_("Too many events came meanwhile; try again in a moment."))
            former = self.env["event.store"]._feed_now()
        self._swap(sub, former)
        sub.version = self.version
        self.write({"state": "switched", "switched_on": fields.Datetime.now()})
        sub._touch()
        # In any case: an append that began before would not see the rows of the new tables.
        mode._switch(live=mode.live)

    def _catch_up(self):
        """Fold all that is committed by now; return whether that was not too much."""
        for _page in range(LAST_PAGES):
            begins = not self.until
            if not self._give_page([]) or (begins and not self.until):
                return True
        return False

    def _go_back(self):
        later = self.search(
            [
                ("subscription_id", "=", self.subscription_id.id),
                ("state", "=", "switched"),
                ("id", ">", self.id),
            ],
            limit=1,
        )
        if later:
            raise UserError(
                _("%(build)s was switched later; go back with it first.", build=later.label)
            )
        sub, mode = self._lock_all("switched")
        self._check_columns()
        self._check_not_referred_to(sub, self._tables())
        # What came since is not in the former tables: it follows until it has caught up.
        former = self.env["event.store"]._feed_now() if mode.live else sub._position()
        self._swap(sub, former)
        sub.version = self.former_version
        self.state = "kept"
        sub._touch()
        mode._switch(live=False)

    def _swap(self, sub, former):
        """Exchange the tables, and the positions of both.

        :param Position former: where the tables stand that are in use so far
        """
        self.env.flush_all()
        self.env.cr.execute("SET LOCAL lock_timeout = %s", [TABLES_PATIENCE])
        shadow_tables.swap(self.env.cr, self._schema(), self._tables())
        sub._move(self._position())
        self._move(former)
        sub.write({**RECOVERED, "state": "running" if sub.state == "stopped" else sub.state})
        self.env.invalidate_all()

    def _discard_checked(self):
        if self.state == "discarded":
            return
        self._lock_all(self.state)
        self._discard()

    # ------------------------------------------------------------------
    # What a switch would change
    # ------------------------------------------------------------------

    @api.model
    def _compared_fields(self, model_name):
        """Return ``(keys, others)``: names of the fields of a read model that are compared.

        Ids differ between builds: a field that refers to a row of a read model says nothing.
        """
        projection = self.env[self.subscription_id.consumer]
        model = self.env[model_name]
        magic = {"id", *models.MAGIC_COLUMNS}
        keys = tuple(projection._read_model_keys.get(model_name, ()))
        stored = [
            name
            for name, field in model._fields.items()
            if field.store
            and field.column_type
            and name not in magic
            and not (field.type == "many2one" and field.comodel_name in projection._read_models)
        ]
        return (keys, [n for n in stored if n not in keys]) if keys else (tuple(stored), [])
