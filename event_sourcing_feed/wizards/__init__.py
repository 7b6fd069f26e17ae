from . import event_store_policy_wizard
