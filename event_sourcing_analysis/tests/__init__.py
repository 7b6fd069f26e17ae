from . import test_apply_again
from . import test_attempts
from . import test_error_inbox
from . import test_overview_figures
