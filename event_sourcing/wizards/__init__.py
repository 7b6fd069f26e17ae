from . import (
    base_module_uninstall,
    event_as_of,
    event_as_of_record,
    event_store_policy_wizard,
    event_store_record_wizard,
    event_store_record_wizard_payload,
)
