"""What an action costs in CPU time, beside Faust's: `python -m tests.benchmarks`, docs/benchmarks.md."""
