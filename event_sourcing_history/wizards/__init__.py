from . import event_as_of
from . import event_as_of_record
