from . import test_nats
