from . import test_declared_payload
from . import test_lint
from . import test_switched_off
