{
    "name": "Event Sourcing: Jobs",
    "summary": "Rebuilds and checks in chunks, by as many processes as there are, with alerts",
    "version": "1.1.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_catalog"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_sourcing_job_rules.xml",
        "data/event_job_cron.xml",
        "views/event_job_views.xml",
        "views/event_overview_views.xml",
        "views/event_job_start_views.xml",
        "views/menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "event_sourcing_job/static/src/**/*.js",
            "event_sourcing_job/static/src/**/*.xml",
        ],
    },
}
