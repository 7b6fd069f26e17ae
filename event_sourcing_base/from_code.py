"""What only code may say in a context.

The context of a call over RPC is the caller's: any key, any value that JSON or XML-RPC can
carry. No such value is an instance of :class:`FromCode`, so what stands in one was put there
by code. A test lists all other keys that the addons read, each of which must be harmless.
"""


class FromCode:
    """A value for a context that counts because code, and no caller, put it there."""

    __slots__ = ("value",)

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"FromCode({self.value!r})"


def from_code(env, key):
    """Return what code put into the context under a key, None for anything a caller sent."""
    given = env.context.get(key)
    return given.value if isinstance(given, FromCode) else None


def without_defaults(context):
    """Return a context that gives no field of a new record a value of the caller's."""
    return {key: value for key, value in context.items() if not key.startswith("default_")}
