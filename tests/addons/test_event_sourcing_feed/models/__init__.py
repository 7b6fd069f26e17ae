from . import counter_total
from . import counter_reaction
from . import till_balance
