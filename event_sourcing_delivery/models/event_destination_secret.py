from odoo import _, api, fields, models
from odoo.exceptions import UserError

MAX_SECRET = 4096


class EventDestinationSecret(models.Model):
    """What a destination is signed or logged in with: it goes in, and never comes out.

    It lies in a table that no model has, so no read, export, copy or list can reach it; only
    the senders are given it.
    """

    _inherit = "event.destination"

    secret = fields.Char(
        compute="_compute_secret",
        inverse="_inverse_secret",
        copy=False,
        groups="event_sourcing.event_store_group_manager",
        help="Enter it to set or to change it; nobody can read it afterwards. A receiver to which"
        " it is told is given no secret of another one: after a change of the address enter it"
        " again.",
    )
    has_secret = fields.Boolean(compute="_compute_secret")
    has_former_secret = fields.Boolean(compute="_compute_secret")

    def init(self):
        super().init()
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS event_destination_secret (
                destination_id int PRIMARY KEY REFERENCES event_destination ON DELETE CASCADE,
                value text NOT NULL,
                former text
            )
            """
        )

    def _compute_secret(self):
        self.env.cr.execute(
            "SELECT destination_id, former IS NOT NULL FROM event_destination_secret"
            " WHERE destination_id = ANY(%s)",
            [self.ids],
        )
        found = dict(self.env.cr.fetchall())
        for destination in self:
            destination.secret = False
            destination.has_secret = destination._origin.id in found
            destination.has_former_secret = found.get(destination._origin.id, False)

    def _inverse_secret(self):
        for destination in self.filtered("secret"):
            secret = destination.secret
            check = getattr(destination, f"_check_secret_{destination.kind}", None)
            if check:
                check(secret)
            # What goes wrong here must not be logged with its values.
            self.env.cr.execute(
                """
                INSERT INTO event_destination_secret AS secret (destination_id, value)
                VALUES (%s, %s) ON CONFLICT (destination_id) DO UPDATE
                   SET value = excluded.value,
                       former = CASE WHEN secret.value = excluded.value THEN secret.former
                                     ELSE secret.value END
                """,
                [destination.id, secret],
                log_exceptions=False,
            )

    @api.model_create_multi
    def create(self, vals_list):
        destinations = super().create(vals_list)
        destinations._forget_typed_secret()
        return destinations

    def write(self, vals):
        audiences = {destination.id: destination._secret_audience() for destination in self}
        done = super().write(vals)
        moved = self.filtered(lambda d: d._secret_audience() != audiences[d.id])
        moved._keep_secret_from_others(is_entered=bool(vals.get("secret")))
        self._forget_typed_secret()
        return done

    def _secret_audience(self):
        """Return what says to whom the secret is told; where it changes, it is entered again.

        Kinds that never say their secret bring ``_secret_audience_<kind>``.
        """
        own = getattr(self, f"_secret_audience_{self.kind}", None)
        return own() if own else (self.kind, self.address)

    def _keep_secret_from_others(self, is_entered):
        """Forget what was entered for another receiver: whoever changes the address may be it."""
        statement = "DELETE FROM event_destination_secret WHERE destination_id = ANY(%s)"
        if is_entered:
            statement = (
                "UPDATE event_destination_secret SET former = NULL WHERE destination_id = ANY(%s)"
            )
        self.env.cr.execute(statement, [self.ids])

    def _forget_typed_secret(self):
        """Let the rest of the transaction not read what was entered, either."""
        self.invalidate_recordset(["secret", "has_secret", "has_former_secret"])

    def _check_given(self, vals):
        secret = vals.get("secret") if isinstance(vals, dict) else None
        if secret and (
            not isinstance(secret, str)
            or len(secret) > MAX_SECRET
            or not secret.isascii()
            or not secret.isprintable()
        ):
            # Other checks would name the value.
            raise UserError(
                _(
                    "A secret has at most %(count)s letters, digits and signs of ASCII.",
                    count=MAX_SECRET,
                )
            )
        others = vals
        if isinstance(vals, dict):
            others = {name: value for name, value in vals.items() if name != "secret"}
        return super()._check_given(others)

    def _secrets(self):
        """Return ``(secret, former one or None)``, for senders alone; None where there is none."""
        self.ensure_one()
        self.env.cr.execute(
            "SELECT value, former FROM event_destination_secret WHERE destination_id = %s",
            [self.id],
        )
        return self.env.cr.fetchone() or (None, None)

    def action_end_rotation(self):
        """Do without the former secret: the receiver knows the new one."""
        self.ensure_one()
        self._managed()
        self.env.cr.execute(
            "UPDATE event_destination_secret SET former = NULL WHERE destination_id = %s",
            [self.id],
        )
        self._forget_typed_secret()
        return True
