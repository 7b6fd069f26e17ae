{
    "name": "Rental with Event Sourcing: Excel Report",
    "summary": "The Excel report in the menu of rentals",
    "version": "1.0.0",
    "category": "Sales",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["rental_event_sourcing", "event_sourcing_report_xlsx"],
    "data": ["views/rental_report_views.xml"],
    "auto_install": True,
}
