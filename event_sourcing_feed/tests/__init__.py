from . import test_feed
from . import test_operation
from . import test_operation_append_time
from . import test_projection
from . import test_projection_testing
