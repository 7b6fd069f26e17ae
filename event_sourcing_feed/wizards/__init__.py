from . import event_projection_comparison
from . import event_projection_skip_wizard
