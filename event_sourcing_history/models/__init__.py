from . import source_link
from . import snapshot_as_of
from . import event_document
from . import event_source_mixin
from . import event_timeline
from . import timeline_page
from . import event_job_as_of
from . import event_snapshot_drift
