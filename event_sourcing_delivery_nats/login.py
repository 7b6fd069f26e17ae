"""How a secret logs in: user and password, a token, or credentials."""

import base64
import re

import nkeys

# The lines of a file of credentials may have become one.
JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]{86}")
SEED = re.compile(r"SU[A-Z2-7]{56}")


def login_of(secret, allowed):
    """Return the arguments of a connection that log in with a secret.

    :param str secret: ``user:password``, a token, or the text of a ``.creds`` file
    :param allowed: function that raises where the secret may not be said
    :raise ValueError: for credentials that are none, without naming them
    """

    def said(value):
        def say():
            allowed()
            return value

        return say

    if "BEGIN NATS USER JWT" in secret:
        jwt, seed = JWT.search(secret), SEED.search(secret)
        if not jwt or not seed:
            raise ValueError("The credentials hold no JWT of a user and its seed.")
        return {
            "user_jwt_cb": said(jwt[0].encode()),
            "signature_cb": lambda nonce: _signature(seed[0], nonce, allowed),
        }
    user, colon, password = secret.partition(":")
    if colon:
        return {"user": said(user), "password": said(password)}
    return {"token": said(secret)}


def _signature(seed, nonce, allowed):
    allowed()
    return base64.b64encode(nkeys.from_seed(bytearray(seed.encode())).sign(nonce.encode()))
