"""How callers say that they give nothing: XML-RPC has no null, and a form leaves texts empty."""


def is_nothing(value):
    """Whether a value stands for none: None, False or an empty text; zero is a value."""
    return value is None or value is False or (isinstance(value, str) and not value)
