"""How time, memory, bandwidth and error are measured."""

from __future__ import annotations

import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass, replace

import numpy as np

from solvers.problem import Problem, Snapshot
from solvers.simulate import solve


@dataclass(frozen=True)
class Timing:
    """Seconds of several runs: wall clock and processor time of this process."""

    wall: list[float]
    cpu: list[float]

    @property
    def median(self) -> float:
        return statistics.median(self.wall)

    def words(self) -> str:
        return f"{self.median:.3g} s ({min(self.wall):.3g}-{max(self.wall):.3g}), CPU {statistics.median(self.cpu):.3g} s"


def timed(run: Callable[[], object], repeats: int = 7) -> Timing:
    """One run to warm up, then ``repeats`` timed ones."""
    run()
    wall, cpu = [], []
    for _ in range(repeats):
        started, used = time.perf_counter(), time.process_time()
        run()
        wall.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return Timing(wall, cpu)


def last(problem: Problem, engine: str = "native", accuracy: str = "fast", threads: int = 1) -> Snapshot:
    return list(solve(problem, engine, accuracy, threads))[-1]  # type: ignore[arg-type]


@contextmanager
def refined(factor: float):
    """The native engine's "standard" accuracy with steps shorter by ``factor``, its region followed farther."""
    from solvers.native.schemes import SCHEMES

    kept = SCHEMES["standard"]
    SCHEMES["standard"] = replace(kept, growth=kept.growth / factor, reach=kept.reach / factor, threshold=1e-9)
    try:
        yield
    finally:
        SCHEMES["standard"] = kept


def converged(problem: Problem, factor: float = 4.0) -> Snapshot:
    """The solution with time steps ``factor`` times shorter than those of "standard"."""
    with refined(factor):
        return last(problem, accuracy="standard")


def errors(found: Snapshot, truth: Snapshot) -> tuple[float, float]:
    """Relative L2 difference of the cell fraction, relative difference of the total number of cells."""
    a, b = found.full_cells().astype(float), truth.full_cells().astype(float)
    return float(np.linalg.norm(a - b) / np.linalg.norm(b)), float(abs(a.sum() / b.sum() - 1))


def stream_gb_per_second(size_mb: float, repeats: int = 25) -> float:
    """Best rate of out = a + 1 in single precision on arrays that together take ``size_mb``; bytes read and written."""
    n = int(size_mb * 1e6 / 8)
    a, out = np.zeros(n, np.float32), np.zeros(n, np.float32)
    best = np.inf
    for _ in range(repeats):
        started = time.perf_counter()
        np.add(a, np.float32(1), out=out)
        best = min(best, time.perf_counter() - started)
    return 8e-9 * n / best


def in_new_process(code: str, **environment: str) -> float:
    """The number that ``code`` prints last, run by a fresh interpreter."""
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    return float(done.stdout.split()[-1])


def memory_mb(name: str) -> float:
    """Largest memory of solving a problem of :mod:`tests.benchmarks.problems`, above what it takes to state it, MB."""
    code = (
        "import resource; from tests.benchmarks import problems; from tests.benchmarks.measure import last, resident_mb;"
        f"last(problems.small(16, 1.0)); p = problems.{name}(); before = resident_mb(); last(p);"
        "print(max(0.0, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 - before))"
    )
    return in_new_process(code)


def resident_mb() -> float:
    """Memory held now where the system tells, else the largest so far, MB."""
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * resource.getpagesize() / 2**20
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine() -> list[str]:
    """What the numbers were measured with."""
    import numba

    model = platform.processor() or platform.machine()
    if os.path.exists("/proc/cpuinfo"):
        with open("/proc/cpuinfo") as file:
            model = next((line.split(":")[1].strip() for line in file if line.startswith("model name")), model)
    load = f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"
    return [
        f"{model}, {os.cpu_count()} processors, load average {load} at the start",
        f"Python {platform.python_version()}, numpy {np.__version__}, numba {numba.__version__}",
    ]
