from . import counter_total
from . import counter_reaction
