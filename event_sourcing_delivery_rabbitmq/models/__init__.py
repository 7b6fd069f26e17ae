from . import event_destination
