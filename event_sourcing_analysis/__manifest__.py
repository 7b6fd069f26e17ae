{
    "name": "Event Sourcing: Analysis",
    "summary": "Who broke which rule how often, the rates, and an inbox of technical errors",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["event_sourcing_job"],
    "data": [
        "security/ir.model.access.csv",
        "security/event_error_rules.xml",
        "data/event_attempt_exports.xml",
        "views/event_error_views.xml",
        "views/event_store_retry_views.xml",
        "views/event_attempt_views.xml",
        "views/event_error_overview_views.xml",
        "views/menus.xml",
    ],
    "assets": {
        "web.assets_backend": [
            "event_sourcing_analysis/static/src/**/*.js",
            "event_sourcing_analysis/static/src/**/*.xml",
            "event_sourcing_analysis/static/src/**/*.scss",
        ],
    },
}
