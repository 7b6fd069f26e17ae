from . import snapshot_as_of
from . import document_comparison
from . import event_timeline
from . import timeline_page
from . import event_job_as_of
