from . import test_rental_invoice
from . import test_rental_collected
