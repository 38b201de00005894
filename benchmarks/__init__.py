"""Benchmarks of whole processes against the sandbox, ours and others' side by side: `./run bench`.

Nothing here is part of the product or of its tests. Numbers go to `benchmarks/results` as JSON and to docs/benchmarks.md; what
counts are calls, rows and ratios within one run, since seconds are the machine's.
"""
