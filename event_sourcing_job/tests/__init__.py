from . import test_job_shares
