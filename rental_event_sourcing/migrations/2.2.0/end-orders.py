from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    # Rentals that others had recorded were snapshots alone until now.
    api.Environment(cr, SUPERUSER_ID, {})["rental.order"]._adopt_all()
