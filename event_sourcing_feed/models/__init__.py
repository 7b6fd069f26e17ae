from . import event_consumer
from . import event_feed_cluster
from . import event_feed
from . import event_feed_reader
from . import event_subscription
from . import event_subscription_run
from . import event_projection
from . import event_reaction
