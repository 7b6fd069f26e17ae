"""``python -m tools COMMAND``: what the Makefile calls."""

import importlib
import os
import sys

from .ending import end_like_ctrl_c
from .python import find_python, keep_bytecode
from .say import plainly

COMMANDS = ("run", "test", "bench", "lint", "shell", "clean", "i18n", "import", "export")
TRANSFERS = {"import": "event_import", "export": "event_export"}


def main():
    """Run one command of the Makefile."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    if name not in COMMANDS:
        sys.exit(f"Give one of: {', '.join(COMMANDS)}.")
    with plainly():
        python = find_python()
        if python != sys.executable:
            os.execv(python, [python, "-m", "tools", *sys.argv[1:]])
        if os.geteuid() == 0:
            os.umask(0o022)  # PostgreSQL's own user reads its programs
        keep_bytecode()
        end_like_ctrl_c()
        if name in TRANSFERS:
            sys.exit(importlib.import_module("tools.transfer").run(TRANSFERS[name]))
        sys.exit(importlib.import_module(f"tools.{name}").main())


if __name__ == "__main__":
    main()
