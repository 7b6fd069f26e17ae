from . import (
    base_module_uninstall,
    event_store_policy_wizard,
    event_store_record_wizard,
    event_store_record_wizard_payload,
)
