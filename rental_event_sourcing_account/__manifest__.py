{
    "name": "Rental: Invoices",
    "summary": "What is invoiced and credited for rentals becomes draft invoices, exactly once",
    "version": "1.0.0",
    "category": "Sales/Rental",
    "license": "LGPL-3",
    "author": "Event Sourcing for Odoo contributors",
    "depends": ["rental_event_sourcing", "event_sourcing_feed", "account"],
    "data": [
        "security/ir.model.access.csv",
        "security/rental_account_rules.xml",
        "views/rental_invoice_views.xml",
        "views/rental_order_views.xml",
    ],
    "demo": ["demo/rental_account_demo.xml"],
}
