from . import event_bi_access
