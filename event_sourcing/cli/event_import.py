"""``odoo-bin event_import -d DATABASE FILE``: a file of events, of any size."""

import argparse
import sys

# Odoo 19 loads this file by itself, before addons can be imported.
from odoo.cli.command import Command
from odoo.tools import config


class EventImport(Command):
    """Import events from a JSON Lines or CSV file, also packed with gzip."""

    name = "event_import"

    def run(self, args):
        """Import the file; ends with 0 when all went well, else with 1."""
        parser = argparse.ArgumentParser(
            prog="odoo-bin event_import",
            description=self.__doc__,
            epilog="Other options are those of the server, such as -d DATABASE and -c FILE.",
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
            "--encoding", choices=["utf-8", "cp932"], help="of a CSV file; else found out"
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
        own, others = parser.parse_known_args(args)

        # Only now Odoo knows where addons are.
        config.parse_config(["--no-http", "--log-level=warn", *others])
        from odoo.addons.event_sourcing import transfer_command

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
