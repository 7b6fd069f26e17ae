{
    "name": "Event Sourcing: Base",
    "summary": "General tools below the event store, which know no event",
    "version": "1.0.0",
    "category": "Technical",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["base", "web"],
    "data": ["views/res_company_views.xml", "wizards/base_module_uninstall_views.xml"],
    "pre_init_hook": "take_over_xml_ids",
    "assets": {
        "web.assets_backend": [
            "event_sourcing_base/static/src/**/*.js",
        ],
    },
}
