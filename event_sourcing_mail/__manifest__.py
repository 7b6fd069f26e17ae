{
    "name": "Event Sourcing: Activities and Mail",
    "summary": "One activity per open error, however often it happens, and a weekly digest",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing", "mail"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_alert_record_rules.xml",
        "views/event_alert_record_views.xml",
        "views/event_digest_template.xml",
        "wizards/event_store_policy_wizard_views.xml",
        "data/event_alert_cron.xml",
        "data/event_digest_cron.xml",
    ],
    "auto_install": True,
}
