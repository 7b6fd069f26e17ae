from . import event_store_policy_wizard
from . import event_store_record_wizard
from . import event_store_record_payload
