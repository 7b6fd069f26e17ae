from . import test_nats
from . import test_senders
