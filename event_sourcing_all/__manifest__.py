{
    "name": "Event Sourcing: Everything",
    "summary": "Installs the engine with all its addons",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": [
        "event_sourcing_archive",
        "event_sourcing_bi",
        "event_sourcing_feed",
        "event_sourcing_history",
        "event_sourcing_mail",
        "event_sourcing_numbering",
        "event_sourcing_record",
        "event_sourcing_report_xlsx",
        "event_sourcing_transfer",
    ],
}
