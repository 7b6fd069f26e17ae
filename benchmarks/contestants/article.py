"""(a) The article's design: per event one ORM create, one search and one write."""

from benchmarks.answering import answer, stopwatch
from benchmarks.contestants.in_odoo import as_admin, load
from benchmarks.workload import in_batches, rentals

registry = load()


def reset():
    """Empty both tables."""
    with registry.cursor() as cr:
        cr.execute("TRUNCATE article_event, article_snapshot")
    return {}


def append(aggregates, batch, events=None):
    """Append in lists of ``batch``, with a commit after each."""
    calls = [
        {
            "model_name": "rental",
            "aggregate_id": aggregate_id,
            "event_type": event_type,
            "payload": payload,
        }
        for aggregate_id, event_type, payload in rentals("R", aggregates)[:events]
    ]
    batches = in_batches(calls, batch)
    with as_admin(registry) as env, stopwatch(len(calls)) as result:
        for vals_list in batches:
            env["article.event"].create(vals_list)
            env.cr.commit()
    return result


if __name__ == "__main__":
    answer(reset=reset, append=append)
