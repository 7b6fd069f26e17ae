from . import test_rabbitmq
