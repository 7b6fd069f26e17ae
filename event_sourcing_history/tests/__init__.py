from . import test_checkpoints
from . import test_job_queue
