from . import event_store_record_wizard
from . import event_store_record_wizard_payload
