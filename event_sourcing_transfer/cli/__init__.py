from . import event_export
from . import event_import
