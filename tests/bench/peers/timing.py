"""How every peer measures: the first call of a process, then the best of RUNS more, as one line of JSON a task.

A peer is a script run as  PEER.py FOLDER RUNS CLOCK [TASK ...]. FOLDER holds what material.lua made; CLOCK is
"cpu" (of the whole process: right for one thread, whatever else the machine does) or "wall".
"""
import json
import sys
import time

CLOCKS = {"cpu": time.process_time, "wall": time.perf_counter}
ENOUGH_S = 4.0  # a slow task is not repeated beyond this


def run(tasks):
    """Measures the tasks, {name: function without arguments}, that the command line names, or all of them."""
    runs, clock, wanted = int(sys.argv[2]), CLOCKS[sys.argv[3]], sys.argv[4:]
    for name, task in tasks.items():
        if wanted and name not in wanted:
            continue
        try:
            times = measure(task, runs, clock)
        except Exception as error:  # a peer that cannot do one thing still does the others
            print(json.dumps({"task": name, "error": f"{type(error).__name__}: {error}"[:200]}), flush=True)
            continue
        best = 1e3 * min(times[1:]) if times[1:] else None
        print(json.dumps({"task": name, "first_ms": 1e3 * times[0], "ms": best}), flush=True)


def measure(task, runs, clock):
    times = []
    while len(times) <= runs and sum(times[1:]) < ENOUGH_S:
        start = clock()
        task()
        times.append(clock() - start)
    return times
