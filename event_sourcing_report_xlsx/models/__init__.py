from . import event_report_chunk
from . import event_job_excel
from . import event_report_content
from . import event_report_snapshots
from . import event_report_events
from . import event_report_payload
from . import event_report_attempts
