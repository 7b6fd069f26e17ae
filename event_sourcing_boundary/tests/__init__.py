from . import test_boundaries
from . import test_boundary_order
from . import test_boundary_screens
from . import test_boundary_properties
from . import test_boundary_details
from . import test_boundary_lent
