def migrate(cr, version):
    # The one product becomes a line, as in what is noted from now on; it is all made anew then.
    cr.execute(
        """
        UPDATE rental_utilisation_share
           SET lines = CASE WHEN coalesce(product_id, 0) = 0 THEN '[]'::jsonb
                ELSE jsonb_build_array(jsonb_build_array('1', product_id, quantity, 0)) END,
               movements = CASE WHEN delivered_on IS NULL THEN '[]'::jsonb
                ELSE jsonb_build_array(jsonb_build_array(0, 'delivered', delivered_on, NULL)) END
                || CASE WHEN returned_on IS NULL THEN '[]'::jsonb
                ELSE jsonb_build_array(jsonb_build_array(0, 'returned', returned_on, NULL)) END
         WHERE lines IS NULL
        """
    )
