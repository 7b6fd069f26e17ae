from . import event_worker
