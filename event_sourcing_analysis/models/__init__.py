from . import event_error
from . import event_error_decision
from . import event_store_retry
from . import event_error_actions
from . import event_attempt
from . import event_error_overview
from . import event_overview_figures
