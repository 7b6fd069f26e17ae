from . import test_share
from . import test_utilisation
from . import test_former_product
from . import test_repair
from . import test_utilisation_report
