from . import loan_handler
from . import loan_reminder
from . import loan_snapshot
