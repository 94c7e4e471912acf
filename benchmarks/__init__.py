"""The benchmark suite: one module per question, run by `python -m benchmarks`."""
