"""Who is measured: each in a process of its own, asked by :mod:`benchmarks.asking`."""
