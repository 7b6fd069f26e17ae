from . import event_store_policy_wizard
from . import event_projection_comparison
from . import event_projection_skip_wizard
from . import event_reaction_skip
