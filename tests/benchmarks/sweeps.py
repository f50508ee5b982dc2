"""How long questions and comparisons take: ``python -m tests.benchmarks.sweeps RESULTS [--draws 50]``.

RESULTS is a calibrated folder of the embedded patient (`oncotwin demo --spacing 2` or 1). Printed are: the live answer
after start-up (from the words to the numbers, endpoints included) and its start-up (two processes started, every draw
brought to the decision day, no treatment run); 1,000 runs extrapolated from those of four arms on the draws, with one
process and with two, start of the processes left out; their efficiency; the largest memory of a process.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil

from calibration.calibration import load_calibration
from scenarios.compare import run_scenarios
from scenarios.study import study_from
from scenarios.whatif import WhatIf
from tests.benchmarks.measure import machine

QUESTIONS = ("60 Gy in 30 fractions, weekdays, from day 49", "as scheduled", "25 Gy in 5 fractions from day 49")


def live(results: Path, draws: int) -> None:
    start = time.perf_counter()
    with WhatIf(load_calibration(results), draws=draws, processes=2) as twin:
        opened = time.perf_counter() - start
        seconds = [twin.ask(words).seconds for words in QUESTIONS * 2]
    print(f"live answer, {draws} draws: {max(seconds):.2f} s at most, {min(seconds):.2f} s at least (bar 2 s at 2 mm)")
    print(f"  start-up, not counted: {opened:.1f} s", flush=True)


class Stopwatch:
    """A progress that stamps the first and the last run, so that the start of the processes is left out."""

    def begin(self, title: str, total: int) -> None:
        self.counted = title == "simulate the arms"

    def advance(self, count: int = 1, note: str = "") -> None:
        if self.counted:
            self.stamps = [*getattr(self, "stamps", []), (time.perf_counter(), count)]

    def end(self) -> None:
        pass

    @property
    def seconds_a_run(self) -> float:
        (start, _), *rest = self.stamps
        return (rest[-1][0] - start) / sum(count for _, count in rest)


class Memory(threading.Thread):
    """Watches the largest resident memory of this process and of its children, MB."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.largest, self.on = 0.0, True

    def run(self) -> None:
        own = psutil.Process(os.getpid())
        while self.on:
            for process in (own, *own.children(recursive=True)):
                try:
                    self.largest = max(self.largest, process.memory_info().rss / 1e6)
                except psutil.Error:
                    continue
            time.sleep(0.2)


def pace(results: Path, draws: int, processes: int) -> tuple[float, float]:
    """Seconds a run, and the largest memory of a process."""
    arms = [{"id": "none", "same_as": "none"}, {"id": "standard", "same_as": "as scheduled"}]
    arms += [
        {"id": name, "words": f"{gy} Gy in {n} fractions from day 49"} for name, gy, n in (("a", 60, 30), ("b", 40, 15))
    ]
    watch, memory = Stopwatch(), Memory()
    memory.start()
    with tempfile.TemporaryDirectory() as out:
        study = study_from({"arms": arms, "draws": draws})
        run_scenarios(load_calibration(results), Path(out), arms=study, processes=processes, progress=watch)
    memory.on = False
    return watch.seconds_a_run, memory.largest


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--draws", type=int, default=50)
    chosen = parser.parse_args()
    print("; ".join(machine()), flush=True)
    live(chosen.results, chosen.draws)
    one, _ = pace(chosen.results, chosen.draws, 1)
    two, largest = pace(chosen.results, chosen.draws, 2)
    print(f"1,000 runs with two processes: {1000 * two / 60:.1f} minutes (bar 3 at 2 mm, 10 at 1 mm)")
    print(f"  extrapolated from {4 * chosen.draws} runs")
    print(f"  one process {one:.3f} s a run, two {two:.3f} s: efficiency {100 * one / (2 * two):.0f} % (bar 85 %)")
    print(f"  largest memory of a process {largest:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
