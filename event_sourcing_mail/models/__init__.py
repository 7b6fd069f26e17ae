from . import event_alert_record
from . import event_alert
from . import res_users
from . import event_digest
