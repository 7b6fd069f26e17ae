from . import test_growth_settings
from . import test_replay
