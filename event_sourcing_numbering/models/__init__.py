from . import event_source_reference
