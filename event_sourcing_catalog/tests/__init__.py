from . import test_backend_settings
from . import test_boundaries_listed
from . import test_handlers_lint
from . import test_handlers_list
from . import test_uninstall
