from . import event_alert_record
from . import event_alert
