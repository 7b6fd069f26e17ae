from . import (
    base_module_uninstall,
    event_store_policy_wizard,
)
