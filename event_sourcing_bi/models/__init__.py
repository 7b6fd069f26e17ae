from . import event_bi_reader
from . import event_bi_view
from . import event_bi_event
from . import event_bi_attempt
