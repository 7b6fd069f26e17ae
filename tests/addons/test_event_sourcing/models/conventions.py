from odoo import models


class SnapshotHandlerPrefixed(models.AbstractModel):
    _name = "snapshot.handler.prefixed"
    _description = "Found by snapshot.handler.<aggregate>"
    _inherit = "snapshot.handler"


class InventorySnapshotNested(models.AbstractModel):
    _name = "inventory.snapshot.nested"
    _description = "Found by <anything>.snapshot.<aggregate>"
    _inherit = "snapshot.handler"


class OddlyNamed(models.AbstractModel):
    _name = "oddly.named"
    _description = "Says itself which aggregate it serves"
    _inherit = "snapshot.handler"
    _aggregate_model = "explicit"


class Unclaimed(models.AbstractModel):
    _name = "unclaimed.rules"
    _description = "Found only when it is registered"
    _inherit = "snapshot.handler"


class TwiceFirst(models.AbstractModel):
    _name = "twice.snapshot.handler"
    _description = "One of two for the same aggregate"
    _inherit = "snapshot.handler"


class TwiceSecond(models.AbstractModel):
    _name = "snapshot.handler.twice"
    _description = "The other of two for the same aggregate"
    _inherit = "snapshot.handler"
