"""The command line with runs that are slow or do harm: ``HURT=slowly python -m tests.scenarios.hurt scenarios RESULTS ...``.

``slowly``: a run takes a quarter of a second more. ``badly``: in draw 1 the arm "crashes" ends as compiled code does,
"asks" wants an array larger than its process may have, "hoards" takes memory until its process is ended for it.
"""

from __future__ import annotations

import os
import resource
import signal
import time
from pathlib import Path

import numpy as np

import scenarios.compare
import scenarios.simulated as simulated
import scenarios.sweep
import scenarios.task as task

MOST_BYTES = 700 * 2**20
"""What dask lets the process have that computes: small enough to reach soon, large enough to compute with."""


def slowly(given: task.Task) -> task.Done:
    task.simulate_draw = _late
    return task.compute(given)


def badly(given: task.Task) -> task.Done:
    task.simulate_draw = _harmful
    return task.compute(given)


def _late(*given):
    for found in simulated.simulate_draw(*given):
        time.sleep(0.25)
        yield found


def _harmful(setup, twin, draw, arms):
    for arm in arms:
        simulated.after_decision = HARMED if draw == 1 and arm.id in HARMS else PLAIN
        yield from simulated.simulate_draw(setup, twin, draw, [arm])


def _harmed(setup, sight, decided, arm):
    simulated.solve = lambda *_: HARMS[arm.id]()
    try:
        return PLAIN(setup, sight, decided, arm)
    finally:
        simulated.solve = SOLVE


def _crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def _ask():
    kept = resource.getrlimit(resource.RLIMIT_AS)
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (has + 64 * 2**20, kept[1]))
    try:
        return np.ones(2**27)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, kept)


def _hoard():
    """As much as dask lets it have and no more, let go after a while if nobody ends the process."""
    held = [np.ones(2**20) for _ in range(MOST_BYTES // 2**23)]
    time.sleep(5.0)
    raise AssertionError(f"dask did not end the process, which held {len(held)} arrays")


PLAIN, HARMED, SOLVE = simulated.after_decision, _harmed, simulated.solve
HARMS = {"crashes": _crash, "asks": _ask, "hoards": _hoard}

if __name__ == "__main__":
    from scenarios.cli import main
    from tests.scenarios import hurt

    scenarios.compare.compute = {"slowly": hurt.slowly, "badly": hurt.badly}[os.environ["HURT"]]
    scenarios.sweep.DEATHS = int(os.environ.get("DEATHS", "3"))
    if os.environ["HURT"] == "badly":
        resource.setrlimit(resource.RLIMIT_RSS, (MOST_BYTES, MOST_BYTES))
    main()
