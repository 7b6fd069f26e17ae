from odoo import SUPERUSER_ID, api

from odoo.addons.rental_event_sourcing.former_products import fold_anew


def migrate(cr, version):
    # Invoices of days note what their lines come to, from now on; see charges.
    fold_anew(api.Environment(cr, SUPERUSER_ID, {}))
