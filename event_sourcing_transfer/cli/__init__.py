from odoo.addons.event_sourcing_transfer.cli import event_export
from odoo.addons.event_sourcing_transfer.cli import event_import
