from . import base_module_uninstall
from . import event_store_policy_wizard
