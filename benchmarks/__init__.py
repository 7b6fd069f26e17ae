"""Measuring, side by side in one run: see ``make bench`` and docs/benchmarks.md."""
