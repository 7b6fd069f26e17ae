"""What can be measured: a module each, whose ``run(race)`` returns rows of the table."""

import importlib

PARTS = (
    "bulk",
    "single",
    "refused",
    "statements",
    "full",
    "rebuild",
    "past",
    "memory",
    "writers",
    "shop",
    "actions",
    "feed",
    "delivery",
    "boundary",
)


def part(name):
    """Return the module of a part; its docstring is what the table says above its rows."""
    return importlib.import_module(f"benchmarks.parts.{name}")
