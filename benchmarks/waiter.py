"""Starts one program, waits for it, and writes down what the kernel counted: `python waiter.py FILE PROGRAM [ARGUMENT ...]`.

Used by `benchmarks.machine`. To the kernel the peak of a program's memory begins with that of whoever started it: a benchmark
that judges a million rows would be in the figures of all that it measures. This process holds next to nothing.
"""

import json
import os
import sys
import time

began = time.monotonic()
child = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(child, 0)
told = {
    "wall_s": round(time.monotonic() - began, 3),
    "cpu_s": round(usage.ru_utime + usage.ru_stime, 3),
    "rss_mb": round(usage.ru_maxrss / 1024, 1),
    "exit_code": os.waitstatus_to_exitcode(status),
}
with open(sys.argv[1], "w") as file:  # noqa: PTH123 - pathlib would be most of what this process holds.
    json.dump(told, file)
