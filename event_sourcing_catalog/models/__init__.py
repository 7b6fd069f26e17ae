from . import handler_listing
from . import handler_description
from . import snapshot_handler_checks
from . import snapshot_handler_lint
from . import event_handler
from . import snapshot_handler_event_type
from . import event_aggregate_type
from . import ir_module
