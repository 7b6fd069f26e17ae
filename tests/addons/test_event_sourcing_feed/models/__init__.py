from . import counter_total
from . import counter_reaction
from . import till_balance
from . import trip_process
from . import bad_reaction
