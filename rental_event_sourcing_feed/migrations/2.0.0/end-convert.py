def migrate(cr, version):
    # What was noted as the event said it is the product now, as in what is noted from now on.
    cr.execute(
        """
        UPDATE rental_utilisation_share AS share SET product_id = former.product_id
          FROM rental_former_product AS former WHERE former.id = share.product_id
        """
    )
