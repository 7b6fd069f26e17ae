from odoo import SUPERUSER_ID, api

from odoo.addons.rental_event_sourcing.former_products import convert


def migrate(cr, version):
    convert(api.Environment(cr, SUPERUSER_ID, {}))
