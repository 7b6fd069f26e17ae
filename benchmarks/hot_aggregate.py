"""How many appends a second one stream takes from 1, 2, 4 and 8 writers, over XML-RPC.

    python benchmarks/hot_aggregate.py http://localhost:8069 DATABASE [USER PASSWORD]

Every writer is a process with one connection, and appends to the same aggregate for some
seconds. Beside it, the same writers each on an aggregate of its own.
"""

import multiprocessing
import sys
import time
import uuid
import xmlrpc.client

WRITERS = (1, 2, 4, 8)
SECONDS = 5


def write(url, database, user, password, aggregate_id, seconds, results):
    """Append until the time is over; put (appends, failures, longest seconds)."""
    uid = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/common").authenticate(
        database, user, password, {}
    )
    proxy = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object")
    done = failed = 0
    longest = 0.0
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        began = time.monotonic()
        try:
            proxy.execute_kw(
                database,
                uid,
                password,
                "event.store",
                "append",
                ["rental", aggregate_id, "RentalPlanned", {"quantity": done + 1}],
            )
            done += 1
        except (OSError, xmlrpc.client.Error):
            failed += 1
            proxy = xmlrpc.client.ServerProxy(f"{url}/xmlrpc/2/object")
        longest = max(longest, time.monotonic() - began)
    results.put((done, failed, longest))


def measure(arguments, writers, shared):
    """Return (appends a second, failures, longest answer in seconds)."""
    tag = uuid.uuid4().hex[:8]
    results = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(
            target=write,
            args=(*arguments, f"hot-{tag}" if shared else f"own-{tag}-{n}", SECONDS, results),
        )
        for n in range(writers)
    ]
    for process in processes:
        process.start()
    found = [results.get() for _process in processes]
    for process in processes:
        process.join()
    return (
        sum(done for done, _failed, _longest in found) / SECONDS,
        sum(failed for _done, failed, _longest in found),
        max(longest for _done, _failed, longest in found),
    )


def main():
    url, database, user, password = [*sys.argv[1:], "admin", "admin"][:4]
    print(f"{'writers':>8} {'one stream':>12} {'failed':>7} {'longest':>8}   own streams")
    for writers in WRITERS:
        rate, failed, longest = measure((url, database, user, password), writers, True)
        own, own_failed, _longest = measure((url, database, user, password), writers, False)
        print(
            f"{writers:>8} {rate:>10.0f}/s {failed:>7} {longest:>7.2f}s"
            f" {own:>10.0f}/s, {own_failed} failed"
        )


if __name__ == "__main__":
    main()
