"""How long questions and comparisons take: ``python -m tests.benchmarks.sweeps RESULTS [--arms 4] [--draws 50]``.

RESULTS is a calibrated folder of the embedded patient (`oncotwin demo --spacing 2` or 1). Printed are: the live answer
after start-up (from the words to the numbers, endpoints included) and its start-up (two processes started, every draw
brought to the decision day, no treatment run); runs a minute with one process and with two, start of the processes left
out, and their efficiency; the whole comparison with start and gathering; the largest memory of a process, also against
that of a comparison of fewer runs.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

from calibration.calibrate import calibrate
from calibration.calibration import load_calibration
from calibration.virtual.embedded import embedded_patient
from scenarios.compare import run_scenarios
from scenarios.study import study_from
from scenarios.whatif import WhatIf
from tests.benchmarks.measure import machine

QUESTIONS = ("60 Gy in 30 fractions, weekdays, from day 49", "as scheduled", "25 Gy in 5 fractions from day 49")


@dataclass(frozen=True)
class Live:
    """Seconds of the slowest and the fastest answer, and of the start-up."""

    most: float
    least: float
    opened: float


@dataclass(frozen=True)
class Pace:
    """Seconds a run, of the whole comparison with start and gathering, its runs, and the largest memory of a process, MB."""

    seconds_a_run: float
    whole: float
    runs: int
    mb: float

    @property
    def thousand(self) -> float:
        """Seconds of 1,000 runs, with start and gathering; those of the other runs at this pace."""
        return self.whole + (1000 - self.runs) * self.seconds_a_run


def calibrated(spacing_mm: int, folder: Path) -> Path:
    """A calibration of the embedded patient as `oncotwin demo` makes it, by another process: its memory does not count."""
    make = [sys.executable, "-m", "tests.benchmarks.sweeps", str(folder), "--make", str(spacing_mm)]
    subprocess.run(make, check=True)
    return folder


def live(results: Path, draws: int) -> Live:
    start = time.perf_counter()
    with WhatIf(load_calibration(results), draws=draws, processes=2) as twin:
        opened = time.perf_counter() - start
        seconds = [twin.ask(words).seconds for words in QUESTIONS * 2]
    return Live(max(seconds), min(seconds), opened)


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


def pace(results: Path, arms: int, draws: int, processes: int) -> Pace:
    """Compare no treatment, the schedule and ``arms`` - 2 courses of radiotherapy on ``draws`` draws."""
    compared = [{"id": "none", "same_as": "none"}, {"id": "standard", "same_as": "as scheduled"}]
    compared += [{"id": f"a{i}", "words": f"{40 + i} Gy in 30 fractions from day 49"} for i in range(arms - 2)]
    watch, memory, study = Stopwatch(), Memory(), study_from({"arms": compared, "draws": draws})
    memory.start()
    with tempfile.TemporaryDirectory() as out:
        start = time.perf_counter()
        run_scenarios(load_calibration(results), Path(out), arms=study, processes=processes, progress=watch)
        whole = time.perf_counter() - start
    memory.on = False
    return Pace(watch.seconds_a_run, whole, arms * draws, memory.largest)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("results", type=Path)
    parser.add_argument("--arms", type=int, default=4)
    parser.add_argument("--draws", type=int, default=50)
    parser.add_argument("--make", type=int, metavar="MM", help="calibrate the embedded patient into RESULTS, and no more")
    chosen = parser.parse_args()
    if chosen.make:
        calibrate(embedded_patient(seed=2026, spacing_mm=chosen.make).patient, chosen.results, seed=2026, processes=2)
        return 0
    print("; ".join(machine()), flush=True)
    answer = live(chosen.results, chosen.draws)
    print(f"live answer, {chosen.draws} draws: {answer.most:.2f} s at most, {answer.least:.2f} s at least (bar 2 s at 2 mm)")
    print(f"  start-up, not counted: {answer.opened:.1f} s", flush=True)
    fewer = pace(chosen.results, chosen.arms, max(5, chosen.draws // 5), 1)
    two = pace(chosen.results, chosen.arms, chosen.draws, 2)
    print(
        f"1,000 runs with two processes: {two.thousand / 60:.1f} minutes (bar 3 at 2 mm, 10 at 1 mm), judged by {two.runs}"
    )
    efficiency = 100 * fewer.seconds_a_run / (2 * two.seconds_a_run)
    print(f"  one process {60 / fewer.seconds_a_run:.0f} a minute, two {60 / two.seconds_a_run:.0f}: {efficiency:.0f} %")
    print(f"  largest memory of a process {two.mb:.0f} MB, of {fewer.runs} runs {fewer.mb:.0f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
