from . import test_feed
from . import test_reaction
from . import test_reaction_decision
from . import test_reaction_operation
from . import test_reaction_process
from . import test_reaction_testing
