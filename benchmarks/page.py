"""The table: printed, and written into docs/benchmarks.md."""

from pathlib import Path

TEMPLATE = Path(__file__).parent / "page.md"
HEAD = "| | ours | against | theirs | ratio | target | met |\n|---|---|---|---|---|---|---|"
MET = {True: "yes", False: "**no**", None: "–"}


def table(parts):
    """Return the table as Markdown.

    :param dict parts: ``{title: [Row]}``, in order
    """
    lines = [HEAD]
    for title, rows in parts.items():
        lines.append(f"| **{title}** | | | | | | |")
        lines += [_line(row) for row in rows]
    return "\n".join(lines)


def page(parts, about):
    """Return the whole page.

    :param dict about: ``machine``, ``versions``, ``date``, ``server`` and ``runs``, as text
    """
    met = [row.met for rows in parts.values() for row in rows if row.target]
    summary = f"{met.count(True)} of {len(met)} targets met, {met.count(False)} not met"
    if met.count(None):
        summary += f", {met.count(None)} not measured"
    text = TEMPLATE.read_text(encoding="utf-8")
    return text.format(table=table(parts), summary=summary, **about)


def _line(row):
    what = f"{row.what} ({row.note})" if row.note else row.what
    missing = "not measured"
    cells = [
        what,
        samples(row.ours) if row.ours else missing,
        row.against,
        samples(row.other) if row.other else missing if row.against else "",
        samples(row.ratio) if row.ratio else "",
        f"{row.target.words} {row.target.bound:g}" if row.target else "",
        MET[row.met] if row.target else "",
    ]
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def samples(values):
    """Return the median, and the lowest and the highest value where they differ."""
    unit = f" {values.unit}" if values.unit else ""
    text = f"{number(values.median)}{unit}"
    if len(values.values) > 1:
        text += f" ({number(min(values.values))}–{number(max(values.values))})"
    return text


def number(value):
    """Return a number with three digits that count, and thousands apart."""
    if value == int(value) or abs(value) >= 100:
        return f"{round(value):,}".replace(",", " ")
    return f"{value:.3g}"
