from . import test_share
from . import test_utilisation
from . import test_repair
