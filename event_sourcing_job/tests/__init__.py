from . import test_job_shares
from . import test_snapshot_difference
