"""Measure everything and write docs/reference/benchmarks.md: ``python -m tests.benchmarks.run [--quick] [--only PART]``."""

from __future__ import annotations

import argparse
import datetime
import os
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tests.benchmarks import problems
from tests.benchmarks.calibration import cost
from tests.benchmarks.measure import (
    Timing,
    converged,
    errors,
    in_new_process,
    last,
    machine,
    memory_mb,
    refined,
    stream_gb_per_second,
    timed,
)

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "benchmarks.md"


@dataclass(frozen=True)
class Row:
    """One line of the table: what was measured, in words and against which bar."""

    what: str
    measured: str
    bar: str
    met: bool | None

    def line(self) -> str:
        verdict = {True: "yes", False: "**no**", None: ""}[self.met]
        return f"| {self.what} | {self.measured} | {self.bar} | {verdict} |"


def peer(repeats: int) -> list[Row]:
    problem = problems.peer()
    spent = timed(lambda: last(problem), repeats)
    error, _ = errors(last(problem), converged(problem))
    words = f"{spent.words()}; L2 error {100 * error:.2f} %"
    met = spent.median <= 0.6 and error <= 0.005
    return [Row("Peer's problem, 112 x 120 x 104, 100 days, fast", words, "0.6 s, 0.5 % (peer: 43 s of CPU)", met)]


def nearest_peer(repeats: int) -> list[Row]:
    problem = problems.nearest_peer()
    spent = timed(lambda: last(problem, accuracy="standard"), repeats)
    _, error = errors(last(problem, accuracy="standard"), converged(problem))
    memory = memory_mb("nearest_peer")
    words = f"{spent.words()}; total cells {100 * error:.2f} % off; {memory:.0f} MB"
    met = spent.median <= 0.15 and error <= 0.001 and memory <= 200
    what = "Nearest peer's problem, 77 x 116 x 36, 270 days, 104 doses, standard"
    return [Row(what, words, "0.15 s, 0.1 %, 200 MB (peer: 12 s, 19 % off)", met)]


def daily(repeats: int) -> list[Row]:
    treated, growth = problems.daily(), problems.daily((30.0,), treated=False)
    whole, month = timed(lambda: last(treated), repeats), timed(lambda: last(growth), repeats)
    error, _ = errors(last(treated), converged(treated))
    memory = memory_mb("daily")
    words = f"{whole.words()}; L2 error {100 * error:.2f} %; {memory:.0f} MB"
    return [
        Row(
            "Embedded brain at 1 mm, 180 days of Stupp, fast", words, "0.4 s, 400 MB", whole.median <= 0.4 and memory <= 400
        ),
        Row("Embedded brain, 30 days of growth, fast", month.words(), "0.1 s", month.median <= 0.1),
    ]


def image_size(repeats: int) -> list[Row]:
    """Interleaved, so that what else runs on the machine falls on all alike."""
    one = problems.daily((30.0,), treated=False)
    images = {"twice": problems.padded(one, (2, 1, 1)), "eight times": problems.padded(one, (2, 2, 2))}
    spent = {name: Timing([], []) for name in ("once", *images)}
    for _ in range(max(repeats, 5)):
        for name, problem in {"once": one, **images}.items():
            part = timed(lambda problem=problem: last(problem), 1)
            spent[name].wall.extend(part.wall)
            spent[name].cpu.extend(part.cpu)
    rows = []
    for name in images:
        more = min(spent[name].cpu) / min(spent["once"].cpu) - 1
        rows.append(Row(f"The same tumour in {name} as many voxels", f"{100 * more:+.0f} % CPU", "+10 %", more <= 0.10))
    return [replace(rows[0]), replace(rows[1], bar="", met=None)]


def against_fipy(repeats: int) -> list[Row]:
    """The native engine's "standard" steps are shortened until it is no less accurate than FiPy."""
    problem = problems.small()
    truth = last(problem, accuracy="reference")
    slow = timed(lambda: last(problem, "fipy", "fast"), 1)
    limit, _ = errors(last(problem, "fipy", "fast"), truth)
    for factor in (1.0, 1.5, 2.0, 3.0, 5.0):
        with refined(factor):
            error, _ = errors(last(problem, accuracy="standard"), truth)
            spent = timed(lambda: last(problem, accuracy="standard"), max(repeats, 9))
        if error <= limit:
            break
    ratio = slow.median / spent.median
    words = (
        f"{ratio:.0f} x: FiPy fast {slow.median:.3g} s at L2 error {limit:.1e}, native standard with steps {factor:g} times "
        f"shorter {1000 * spent.median:.3g} ms at {error:.1e}"
    )
    met = ratio >= 200 and error <= limit
    return [Row("Against our FiPy engine, 32^3, 30 days, native no less accurate", words, "200 x", met)]


def threads(repeats: int) -> list[Row]:
    problem = problems.peer()
    spent = [timed(lambda n=n: last(problem, threads=n), repeats) for n in (1, 2)]
    same = np.array_equal(last(problem, threads=1).values, last(problem, threads=2).values)
    words = f"1: {spent[0].median:.3g} s, 2: {spent[1].median:.3g} s; same bits: {'yes' if same else 'no'}"
    return [Row("Threads, peer's problem", words, "same bits", same)]


def kernel(repeats: int) -> list[Row]:
    rows = []
    for stored, what in ((np.uint16, "fast"), (np.float32, "standard")):
        for radius in (20, 50):
            run, updates, bytes_each, held = problems.sweeps(radius, stored)
            seconds = min(timed(run, 15).wall)
            reached, stream = bytes_each * updates / seconds / 1e9, stream_gb_per_second(held * updates / 10 / 1e6)
            words = (
                f"{1e9 * seconds / updates:.2f} ns and {bytes_each} bytes an update: {reached:.0f} of {stream:.0f} GB/s "
                f"= {100 * reached / stream:.0f} %"
            )
            rows.append(
                Row(f"Stencil, {what}, ball of {radius} voxels radius, 1 thread", words, "50 %", reached >= 0.5 * stream)
            )
    return rows


def first_run(repeats: int) -> list[Row]:
    code = (
        "import time; from tests.benchmarks import problems; from tests.benchmarks.measure import last;"
        "p = problems.small(16, 5.0); t = time.perf_counter(); last(p); print(time.perf_counter() - t)"
    )
    with tempfile.TemporaryDirectory() as folder:
        first, second = (in_new_process(code, NUMBA_CACHE_DIR=folder) for _ in range(2))
    words = f"first {first:.2g} s, second {second:.2g} s"
    return [Row("A small run in a new process, empty and filled cache of compiled code", words, "", None)]


def calibration(repeats: int) -> list[Row]:
    """Once each: what is measured takes minutes."""
    found = cost("short", "quick", "exact")
    quick, exact, more = found["quick"], found["exact"], found["quick"]["mb"] / found["short"]["mb"] - 1
    what = "Embedded patient, 1 mm, three visits, 200 evaluations on two processes"
    return [
        Row(f"{what}, Laplace", f"{quick['seconds']:.0f} s; {quick['mb']:.0f} MB a process", "60 s", quick["seconds"] <= 60),
        Row("Its memory against that of 40 evaluations", f"{100 * more:+.0f} %", "+10 %", more <= 0.1),
        Row(
            f"{what}, sampler",
            f"{exact['seconds']:.0f} s; {exact['effective_draws']:.0f} effective draws",
            "600 s",
            exact["seconds"] <= 600,
        ),
    ]


def embedded(_: int) -> list[Row]:
    """Mean of the draws and their 90 % interval beside the hidden truth."""
    from tests.benchmarks.embedded import forms, found

    rows = [Row(f"Embedded patient, 1 mm, calibrated as in the demo: {name}", *rest) for name, *rest in found()]
    return [*rows, *(Row(f"Embedded patient, 2 mm, 100 draws: {name}", *rest) for name, *rest in forms())]


def sweeps_2mm(repeats: int) -> list[Row]:
    """Once each: what is measured takes minutes."""
    return _sweeps(2, arms=20, draws=50, alone=10, bar=3.0)


def sweeps_1mm(repeats: int) -> list[Row]:
    return _sweeps(1, arms=4, draws=15, alone=15, bar=10.0)


def _sweeps(spacing_mm: int, arms: int, draws: int, alone: int, bar: float) -> list[Row]:
    """On the embedded patient as `oncotwin demo` calibrates it: ``draws`` with two processes, ``alone`` draws with one."""
    from tests.benchmarks.sweeps import calibrated, live, pace

    with tempfile.TemporaryDirectory() as folder:
        results = calibrated(spacing_mm, Path(folder))
        answer = live(results, 50)
        one, two = pace(results, arms, alone, 1), pace(results, arms, draws, 2)
    where, least = f"embedded patient, {spacing_mm} mm", "2 s" if spacing_mm == 2 else ""
    asked = f"{answer.least:.2f} to {answer.most:.2f} s; start-up, not counted, {answer.opened:.1f} s"
    judged = "" if two.runs == 1000 else f", extrapolated from {two.runs}"
    minutes = f"{two.thousand / 60:.1f} minutes with start and gathering{judged}; {60 / two.seconds_a_run:.0f} runs a minute"
    efficiency = one.seconds_a_run / (2 * two.seconds_a_run)
    share = f"{100 * efficiency:.0f} %; {60 / one.seconds_a_run:.0f} runs a minute with one"
    memory = f"{two.mb:.0f} MB; of {one.runs} runs {one.mb:.0f} MB"
    return [
        Row(f"Live what-if, 50 draws, {where}, two processes", asked, least, answer.most <= 2 if least else None),
        Row(f"1,000 runs, {where}, two processes", minutes, f"{bar:g} minutes", two.thousand <= 60 * bar),
        Row(f"Efficiency of two processes, {where}", share, "85 %", efficiency >= 0.85),
        Row(f"Largest memory of a process in {two.runs} runs, {where}", memory, "", None),
    ]


def imports(_: int) -> list[Row]:
    from tests.benchmarks.imports import GRID, SERIES, seconds

    count, wall, used = seconds()
    what = f"Import of {len(SERIES)} series, {count} files of {GRID.shape[1]} x {GRID.shape[2]}, with outlines"
    return [Row(what, f"{wall:.3g} s, CPU {used:.3g} s", "60 s", wall <= 60)]


SECTIONS: tuple[Callable[[int], list[Row]], ...] = (
    peer,
    nearest_peer,
    daily,
    image_size,
    against_fipy,
    threads,
    kernel,
    first_run,
    calibration,
    embedded,
    sweeps_2mm,
    sweeps_1mm,
    imports,
)

TABLE = ["| what | measured | bar | met |", "|---|---|---|---|"]


def page(rows: list[Row], about: list[str]) -> str:
    head = """# Benchmarks

Written by `python -m tests.benchmarks.run`; do not edit. Times are medians of several runs after a warm-up, with the
fastest and the slowest in brackets; processor time beside them tells how much of the machine the run had. Problems:
`tests/benchmarks/problems.py`. Errors are against the same grid with time steps four times shorter than "standard".
The stream is the best rate of `out = a + 1` on arrays of the size of the region. Bytes an update: x, base and the three
face coefficients read, the result written, each once.
"""
    table = [*TABLE, *(r.line() for r in rows)]
    plot = "![Error against time, every engine and accuracy](work-precision.svg)"
    return "\n".join([head, *[f"- {line}" for line in about], "", *table, "", "## Work and precision", "", plot, ""])


def remeasured(text: str, rows: list[Row], parts: list[str], about: list[str]) -> str:
    """The page with these rows in place of those of the same name, the others as they were; new ones stand last."""
    told = f"- Of these, {', '.join(parts)}: measured on {about[-1]}, {about[0].split(', ', 1)[1]}"
    lines = [line for line in text.splitlines() if not line.startswith(told.split(":")[0])]
    start = lines.index(TABLE[-1]) + 1
    end = lines.index("", start)
    new = {row.what: row.line() for row in rows}
    old = {line.split(" | ")[0].removeprefix("| "): line for line in lines[start:end]}
    head = lines[: start - len(TABLE) - 1]
    return "\n".join([*head, told, "", *TABLE, *(old | new).values(), *lines[end:], ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="three runs each instead of seven, and no plot")
    names = [section.__name__ for section in SECTIONS]
    parser.add_argument(
        "--only", nargs="+", choices=names, help="these parts alone; the others stay as they are on the page"
    )
    chosen = parser.parse_args()
    os.environ.setdefault("FIPY_SOLVERS", "scipy")
    about = [*machine(), f"{datetime.date.today().isoformat()}"]
    rows: list[Row] = []
    for section in (s for s in SECTIONS if not chosen.only or s.__name__ in chosen.only):
        for row in section(3 if chosen.quick else 7):
            rows.append(row)
            print(row.line(), flush=True)
    if not chosen.quick and not chosen.only:
        from tests.benchmarks.precision import draw

        draw(PAGE.with_name("work-precision.svg"))
    text = remeasured(PAGE.read_text(encoding="utf-8"), rows, chosen.only, about) if chosen.only else page(rows, about)
    PAGE.write_text(text, encoding="utf-8")
    print(f"Written: {PAGE}")


if __name__ == "__main__":
    main()
