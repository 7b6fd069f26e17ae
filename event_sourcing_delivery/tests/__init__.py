from . import test_destination
from . import test_networks
from . import test_delivery
from . import test_asyncapi
from . import test_loop_senders
