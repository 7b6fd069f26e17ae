from . import test_feed
from . import test_projection
from . import test_projection_testing
