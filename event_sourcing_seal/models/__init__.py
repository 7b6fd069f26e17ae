from . import event_seal
from . import event_seal_verify
from . import event_seal_overview
