"""Where things lie: everything that is made goes below ``.run`` or the user's cache."""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUN = Path(os.environ.get("ES_RUN_DIR") or ROOT / ".run")
LOG = RUN / "log"
ADDONS = (
    "event_sourcing_base",
    "event_sourcing",
    "event_sourcing_declaration",
    "event_sourcing_numbering",
    "event_sourcing_boundary",
    "event_sourcing_catalog",
    "event_sourcing_job",
    "event_sourcing_record",
    "event_sourcing_history",
    "event_sourcing_seal",
    "event_sourcing_archive",
    "event_sourcing_transfer",
    "event_sourcing_analysis",
    "event_sourcing_report_xlsx",
    "event_sourcing_bi",
    "event_sourcing_mail",
    "event_sourcing_feed",
    "event_sourcing_feed_bi",
    "event_sourcing_delivery",
    "event_sourcing_delivery_webhook",
    "event_sourcing_delivery_nats",
    "event_sourcing_delivery_rabbitmq",
    "event_sourcing_all",
    "rental_event_sourcing",
    "rental_event_sourcing_report_xlsx",
    "rental_event_sourcing_bi",
    "rental_event_sourcing_feed",
    "rental_event_sourcing_account",
)
# An addon without a word of its own.
SILENT = "event_sourcing_all"
TEST_ADDONS = ROOT / "tests" / "addons"
SERIES = ("17.0", "19.0")


def cache():
    """Return the folder of the Odoo sources, shared by all checkouts of a user."""
    return Path.home() / ".cache" / "odoo-sources"


def installed_addons():
    """Return the names of the addons that are installed: ours, and those that lie beside them."""
    found = {path.parent.name for path in ROOT.glob("*/__manifest__.py")}
    return [*ADDONS, *sorted(found.difference(ADDONS))]


def test_addons():
    """Return the names of the addons that only tests install."""
    return sorted(path.parent.name for path in TEST_ADDONS.glob("*/__manifest__.py"))
