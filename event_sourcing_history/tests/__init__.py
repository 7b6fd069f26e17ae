from . import test_boundary_words
from . import test_checkpoints
from . import test_event_document
from . import test_future_events
from . import test_rows_that_cannot_be
from . import test_source_history
from . import test_states
