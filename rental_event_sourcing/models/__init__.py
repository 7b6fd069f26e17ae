from . import rental_product
from . import rental_snapshot
from . import rental_snapshot_handler
from . import rental_order
from . import rental_order_actions
from . import rental_demo
from . import rental_bi
