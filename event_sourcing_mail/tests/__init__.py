from . import test_digest
from . import test_mail_bridge
