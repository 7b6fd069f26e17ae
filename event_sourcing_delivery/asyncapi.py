"""What would break receivers: two AsyncAPI documents side by side."""

# What a schema says of a value that receivers rely on.
KINDS = ("type", "format", "pattern", "enum", "const")
MAX_DEPTH = 20


def breaking_changes(kept, current):
    """Return what receivers that know a kept document cannot take of the current one.

    New events and new values beside others break nobody; an event, or a value of one, that is
    gone, is of another kind, or may be missing now, does.

    :param dict kept: AsyncAPI document, as it was kept
    :param dict current: the one of today
    :return: list of sentences, in the order of the kept document
    """
    found = []
    today = _schemas(current)
    for name, schema in _schemas(kept).items():
        if name not in today:
            found.append(f"{name} is gone.")
        else:
            found += _compare(name, schema, today[name], MAX_DEPTH)
    return found


def _schemas(document):
    """Return ``{name of a message: JSON Schema of its payload}``."""
    components = document.get("components", {})
    schemas = components.get("schemas", {})
    return {name: schemas.get(name, {}) for name in components.get("messages", {})}


def _compare(path, kept, current, depth):
    if not depth:
        return []
    found = []
    for word in KINDS:
        if kept.get(word) != current.get(word) and word in kept:
            was, now = kept[word], current.get(word, "anything")
            found.append(f"{path}: {word} was {was}, and is {now}.")
    properties = current.get("properties", {})
    for key, schema in kept.get("properties", {}).items():
        where = f"{path}.{key}"
        if key not in properties:
            found.append(f"{where} is gone.")
            continue
        if key in kept.get("required", ()) and key not in current.get("required", ()):
            found.append(f"{where} was always there, and may be missing now.")
        found += _compare(where, schema, properties[key], depth - 1)
    for inner in ("items", "additionalProperties"):
        if isinstance(kept.get(inner), dict):
            other = current.get(inner)
            other = other if isinstance(other, dict) else {}
            found += _compare(f"{path}[]", kept[inner], other, depth - 1)
    return found
