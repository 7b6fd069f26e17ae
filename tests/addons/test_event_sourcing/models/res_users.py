from passlib.context import CryptContext

from odoo import models


class ResUsers(models.Model):
    """Passwords that are soon checked: Odoo's take seconds of a slow machine, on purpose."""

    _inherit = "res.users"

    def _crypt_context(self):
        return CryptContext(
            ["pbkdf2_sha512", "plaintext"], deprecated=["auto"], pbkdf2_sha512__rounds=1000
        )

    def init(self):
        super().init()
        # What Odoo made of them before this addon was there.
        for login in ("admin", "demo"):
            self.env.cr.execute(
                "UPDATE res_users SET password = %s WHERE login = %s",
                [self._crypt_context().hash(login), login],
            )
