from . import event_bi_feed
