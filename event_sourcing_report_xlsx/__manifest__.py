{
    "name": "Event Sourcing: Excel Report",
    "summary": "A workbook of what happened, who broke which rule, and what is true now",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_analysis"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_report_rules.xml",
        "views/event_report_job_views.xml",
        "wizards/event_report_views.xml",
        "views/menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "event_sourcing_report_xlsx/static/src/**/*.js",
            "event_sourcing_report_xlsx/static/src/**/*.xml",
        ],
    },
}
