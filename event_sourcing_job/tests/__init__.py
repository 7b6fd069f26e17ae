from . import test_job_queue
from . import test_job_shares
