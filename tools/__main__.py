"""``python -m tools COMMAND``: what the Makefile calls."""

import importlib
import sys

from .say import plainly

COMMANDS = ("run", "test", "lint", "shell", "clean", "i18n")


def main():
    """Run one command of the Makefile."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        sys.exit(f"Give one of: {', '.join(COMMANDS)}.")
    with plainly():
        sys.exit(importlib.import_module(f"tools.{name}").main())


if __name__ == "__main__":
    main()
