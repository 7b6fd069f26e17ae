from . import event_as_of
from . import event_as_of_record
from . import event_boundary_as_of
