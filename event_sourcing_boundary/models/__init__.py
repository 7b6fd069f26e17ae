from . import event_boundary
from . import event_boundary_state
from . import event_boundary_append
from . import event_boundary_history
from . import event_boundary_entries
from . import event_boundary_status
from . import event_boundary_display
