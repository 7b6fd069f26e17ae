"""``odoo-bin event_worker -d DATABASE``: passes events on to read models and reactions."""

import argparse
import importlib
import sys

from odoo.cli.command import Command
from odoo.tools import config

# This file may not be a part of the addon's package: Odoo 19 loads it by itself.
WORKER = "odoo.addons.event_sourcing_feed.worker"
# Options of the server whose values may stand apart from them.
SERVER = (("-c", "--config"), ("-d", "--database"), ("-D", "--data-dir"), ("--addons-path",))


class EventWorker(Command):
    """Pass events on to read models and reactions as they come; several may run."""

    name = "event_worker"

    def run(self, args):
        """Work until SIGTERM; what is at hand is finished."""
        parser = argparse.ArgumentParser(
            prog="odoo-bin event_worker",
            description=self.__doc__,
            epilog="Other options of the server are taken too, written as --name=value.",
            allow_abbrev=False,
        )
        parser.add_argument("--seconds", type=float, help="end after so long")
        for names in SERVER:
            parser.add_argument(*names, dest=names[-1], help="as of the server")
        own, others = parser.parse_known_args(args)
        others += [
            f"{names[-1]}={vars(own)[names[-1]]}" for names in SERVER if vars(own)[names[-1]]
        ]
        # Only now Odoo knows where addons are.
        config.parse_config(["--no-http", *others])
        names = config["db_name"]
        name = names[0] if isinstance(names, list) and names else names
        if not name:
            sys.exit("Say which database: -d DATABASE.")
        importlib.import_module(WORKER).Worker(name).run(own.seconds)
