{
    "name": "Event Sourcing: Activities",
    "summary": "Managers get one activity per open error, however often it happens",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing", "mail"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_alert_record_rules.xml",
        "views/event_alert_record_views.xml",
        "data/event_alert_cron.xml",
    ],
    "auto_install": True,
}
