"""``odoo-bin event_import -d DATABASE FILE``: a file of events, of any size."""

import argparse
import importlib
import sys

from odoo.cli.command import Command
from odoo.tools import config

# This file may not be a part of the addon's package: Odoo 19 loads it by itself.
COMMANDS = "odoo.addons.event_sourcing_transfer.transfer_command"
# Options of the server whose values may stand apart from them.
SERVER = (("-c", "--config"), ("-d", "--database"), ("-D", "--data-dir"), ("--addons-path",))


class EventImport(Command):
    """Import events from a JSON Lines or CSV file, also packed with gzip."""

    name = "event_import"

    def run(self, args):
        """Import the file; ends with 0 when all went well, else with 1."""
        parser = argparse.ArgumentParser(
            prog="odoo-bin event_import",
            description=self.__doc__,
            epilog="Other options of the server are taken too, written as --name=value.",
            allow_abbrev=False,
        )
        parser.add_argument("file")
        parser.add_argument("--check", action="store_true", help="only check the file")
        parser.add_argument("--user", help="login of whoever records the events; else OdooBot")
        parser.add_argument("--model-name", help="aggregate type of rows that name none")
        parser.add_argument("--company-id", type=int, help="company of rows that name none")
        parser.add_argument(
            "--tz", default="UTC", help="time zone of times that name none, such as Asia/Tokyo"
        )
        parser.add_argument(
            "--encoding",
            choices=["utf-8", "cp932", "cp1252"],
            help="of a CSV file; else found out",
        )
        parser.add_argument(
            "--record-refusals",
            action="store_true",
            help="keep rows that break a rule as refused attempts, instead of refusing the file",
        )
        parser.add_argument(
            "--unknown-people",
            action="store_true",
            help="record events of people who are unknown here as the user's own",
        )
        parser.add_argument(
            "--trust",
            action="store_true",
            help="restore a file that a database with another key exported",
        )
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
            return transfer_command.import_file(
                env,
                own.file,
                dry_run=own.check,
                broken="record" if own.record_refusals else "refuse",
                encoding=own.encoding,
                tz=own.tz,
                model_name=own.model_name,
                company_id=own.company_id,
                unknown_people=own.unknown_people,
                trusted=own.trust,
            )

        sys.exit(0 if transfer_command.connected(own.user, work) else 1)
