from . import test_boundary_drift
from . import test_job_shares
from . import test_snapshot_difference
from . import test_rows_that_cannot_be
