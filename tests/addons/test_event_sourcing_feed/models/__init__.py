from . import counter_total
from . import counter_reaction
from . import trip_process
from . import bad_reaction
