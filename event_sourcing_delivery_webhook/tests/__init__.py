from . import test_answers
from . import test_sender
from . import test_webhook
