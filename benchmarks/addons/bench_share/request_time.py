"""One line per request into the file named in BENCH_SHARE: all its seconds, and ours."""

import os
import threading
import time

from odoo import http

spent = threading.local()
_call = http.Application.__call__


def _timed(self, environ, start_response):
    spent.ours = 0.0
    began = time.perf_counter()
    try:
        return _call(self, environ, start_response)
    finally:
        path = os.environ.get("BENCH_SHARE")
        if path and spent.ours:
            line = f"{time.perf_counter() - began} {spent.ours}\n"
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, line.encode())  # in one piece: other workers write, too
            os.close(file)


http.Application.__call__ = _timed
