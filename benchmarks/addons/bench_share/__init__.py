from . import event_store
from . import request_time
