def migrate(cr, version):
    # Of what a customer owes, only invoices were known until now.
    cr.execute(
        "UPDATE rental_snapshot SET owed_amount = invoiced_amount"
        " WHERE owed_amount IS NULL AND invoiced_amount IS NOT NULL"
    )
