from . import rental_event_wizard
from . import rental_unit_wizard
from . import rental_add_units
from . import rental_stock_wizard
