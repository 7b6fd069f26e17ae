from . import test_feed
from . import test_operation
from . import test_operation_append_time
