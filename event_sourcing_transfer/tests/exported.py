"""The file of an export, as tests that cannot download it read it."""

import gzip


def file_of(cr, job_id):
    """Return the bytes of the file that the job has packed so far, unpacked."""
    cr.execute("SELECT packed FROM event_export_chunk WHERE job_id = %s ORDER BY number", [job_id])
    return gzip.decompress(b"".join(bytes(packed) for (packed,) in cr.fetchall()))
