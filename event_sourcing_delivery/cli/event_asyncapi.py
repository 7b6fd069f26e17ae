"""``odoo-bin event_asyncapi -d DATABASE FILE``: keep what receivers know, and compare with it."""

import argparse
import importlib
import json
import sys
from pathlib import Path

from odoo.cli.command import Command
from odoo.tools import config

# This file may not be a part of the addon's package: Odoo 19 loads it by itself.
COMPARISON = "odoo.addons.event_sourcing_delivery.asyncapi"
# Options of the server whose values may stand apart from them.
SERVER = (("-c", "--config"), ("-d", "--database"), ("-D", "--data-dir"), ("--addons-path",))


class EventAsyncapi(Command):
    """Compare the events of today with a kept AsyncAPI document; what breaks receivers fails."""

    name = "event_asyncapi"

    def run(self, args):
        """Compare, or write the file; ends with 1 and a sentence for each breaking change."""
        parser = argparse.ArgumentParser(
            prog="odoo-bin event_asyncapi",
            description=self.__doc__,
            epilog="Other options of the server are taken too, written as --name=value.",
            allow_abbrev=False,
        )
        parser.add_argument("file", type=Path, help="the document, in JSON")
        parser.add_argument("--write", action="store_true", help="keep the events of today")
        for names in SERVER:
            parser.add_argument(*names, dest=names[-1], help="as of the server")
        own, others = parser.parse_known_args(args)
        others += [
            f"{names[-1]}={vars(own)[names[-1]]}" for names in SERVER if vars(own)[names[-1]]
        ]
        # Only now Odoo knows where addons are.
        config.parse_config(["--no-http", "--log-level=warn", *others])
        names = config["db_name"]
        name = names[0] if isinstance(names, list) and names else names
        if not name:
            sys.exit("Say which database: -d DATABASE.")
        current = self._current(name)
        if own.write:
            text = json.dumps(current, ensure_ascii=False, indent=2, sort_keys=True)
            own.file.write_text(f"{text}\n", encoding="utf-8")
            return
        problems = importlib.import_module(COMPARISON).breaking_changes(
            self._kept(own.file), current
        )
        if problems:
            sys.exit("\n".join(problems))

    def _current(self, name):
        from odoo import SUPERUSER_ID, api
        from odoo.modules.registry import Registry

        with Registry(name).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            if "event.asyncapi" not in env:
                sys.exit(f"{name} has no addon event_sourcing_delivery.")
            return env["event.asyncapi"]._document()

    def _kept(self, path):
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            sys.exit(f"{path} is no AsyncAPI document that can be read: {error}")
