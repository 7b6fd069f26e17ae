from . import rental_utilisation
from . import rental_utilisation_projection
from . import rental_owned_projection
from . import rental_utilisation_report
from . import rental_repair
from . import rental_repair_reaction
