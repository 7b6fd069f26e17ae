"""``odoo-bin event_export -d DATABASE FILE``: the events of a period as a file."""

import argparse
import importlib
import sys

from odoo.cli.command import Command
from odoo.tools import config

# This file may not be a part of the addon's package: Odoo 19 loads it by itself.
COMMANDS = "odoo.addons.event_sourcing_transfer.transfer_command"
# Options of the server whose values may stand apart from them.
SERVER = (("-c", "--config"), ("-d", "--database"), ("-D", "--data-dir"), ("--addons-path",))


class EventExport(Command):
    """Export the events of a period as JSON Lines that can be imported again."""

    name = "event_export"

    def run(self, args):
        """Write the file; what exists under that name is replaced."""
        parser = argparse.ArgumentParser(
            prog="odoo-bin event_export",
            description=self.__doc__,
            epilog="Other options of the server are taken too, written as --name=value.",
            allow_abbrev=False,
        )
        parser.add_argument("file", help="packed where the name ends in .gz")
        parser.add_argument("--from", dest="date_from", help="first day, such as 2026-01-01")
        parser.add_argument("--to", dest="date_to", help="last day, such as 2026-01-31")
        parser.add_argument(
            "--happened", action="store_true", help="by when it happened, not when recorded"
        )
        parser.add_argument("--model-name", action="append", default=[], help="aggregate type")
        parser.add_argument("--tz", default="UTC", help="in which days begin")
        parser.add_argument("--user", help="login of the user whose rights count; else all")
        for names in SERVER:
            parser.add_argument(*names, dest=names[-1], help="as of the server")
        own, others = parser.parse_known_args(args)
        others += [
            f"{names[-1]}={vars(own)[names[-1]]}" for names in SERVER if vars(own)[names[-1]]
        ]

        # Only now Odoo knows where addons are.
        config.parse_config(["--no-http", "--log-level=warn", *others])
        transfer_command = importlib.import_module(COMMANDS)

        def work(env):
            return transfer_command.export_file(
                env,
                own.file,
                model_names=own.model_name,
                date_from=own.date_from,
                date_to=own.date_to,
                period="happened" if own.happened else "recorded",
                tz=own.tz,
            )

        count = transfer_command.connected(own.user, work)
        sys.stdout.write(f"{count} events exported to {own.file}.\n")
