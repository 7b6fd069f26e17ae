from odoo.addons.rental_event_sourcing.former_products import detach


def migrate(cr, version):
    detach(cr)
