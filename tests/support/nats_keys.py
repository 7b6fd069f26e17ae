"""An operator of NATS with an account and a user, whose JWTs it signs."""

import base64
import json
import os
import time

import nkeys

# Without them, all that an account may have is nothing.
LIMITS = dict.fromkeys(("subs", "data", "payload", "imports", "exports", "conn", "leaf"), -1)
STORAGE = dict.fromkeys(("mem_storage", "disk_storage", "streams", "consumer"), -1)


def _text(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class Key:
    """A key pair.

    :param int prefix: of ``nkeys``: whose it is
    """

    def __init__(self, prefix):
        self.seed = nkeys.encode_seed(os.urandom(32), prefix).decode()
        self.public = self._pair().public_key.decode()

    def _pair(self):
        return nkeys.from_seed(bytearray(self.seed.encode()))

    def jwt(self, subject, kind, **claims):
        """Return a JWT about another key, signed with this one."""
        head = {"typ": "JWT", "alg": "ed25519-nkey"}
        body = {
            "jti": os.urandom(8).hex(),
            "iat": int(time.time()),
            "iss": self.public,
            "sub": subject.public,
            "name": "test",
            "nats": {"type": kind, "version": 2, **claims},
        }
        text = ".".join(_text(json.dumps(part).encode()) for part in (head, body))
        return f"{text}.{_text(self._pair().sign(text.encode()))}"


def operated():
    """Return settings of a server that only credentials are let in to, and such credentials."""
    operator, system, account, user = map(
        Key,
        (
            *(nkeys.PREFIX_BYTE_OPERATOR, nkeys.PREFIX_BYTE_ACCOUNT),
            *(nkeys.PREFIX_BYTE_ACCOUNT, nkeys.PREFIX_BYTE_USER),
        ),
    )
    limits = {**LIMITS, "wildcards": True}
    jwts = {
        system.public: operator.jwt(system, "account", limits=limits),
        account.public: operator.jwt(account, "account", limits={**limits, **STORAGE}),
    }
    preload = "\n".join(f"{public}: {jwt}" for public, jwt in jwts.items())
    settings = (
        f"operator: {operator.jwt(operator, 'operator')}\nsystem_account: {system.public}\n"
        f"resolver: MEMORY\nresolver_preload {{\n{preload}\n}}"
    )
    jwt = account.jwt(user, "user", subs=-1, data=-1, payload=-1)
    return settings, (
        f"-----BEGIN NATS USER JWT-----\n{jwt}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )
