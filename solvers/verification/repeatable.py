"""The same bits with any number of threads, and after a stop and a restart from what was saved."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from solvers.model import models
from solvers.problem import Problem, Snapshot
from solvers.simulate import solve
from solvers.verification.agreement import SMALL, effects, schedule
from solvers.verification.cases import BOTH, blob, brain_like, last
from solvers.verification.table import Row
from twin.grid import Grid

LARGE = Grid((20, 44, 40), (2.0, 1.0, 1.0))
SAVED_DAY, END_DAY = 4.0, 9.0
WHAT = "largest difference"


def check(quick: bool) -> list[Row]:
    names = ("fisher-kpp", "two-species") if quick else models.names()
    rows = []
    for name in names:
        for threads in (2, 4):
            value = thread_difference(name, threads, SMALL if quick else LARGE)
            rows.append(Row("Same bits", f"{name}, 1 and {threads} threads", "native", WHAT, value, 0.0, 0.0))
        for engine in BOTH:
            if not (quick and engine == "fipy"):
                value = restart_difference(name, engine, LARGE if engine == "native" and not quick else SMALL)
                rows.append(Row("Same bits", f"{name}, stopped on day 4 and resumed", engine, WHAT, value, 0.0, 0.0))
    return rows


def problem(name: str, grid: Grid) -> Problem:
    """A treated tumour; treatment on both sides of the day on which it is saved."""
    medium = brain_like(grid)
    every = effects(grid)["all effects"]
    start = blob(grid, 5.0) * medium.domain
    return Problem(models[name](), medium, start, (SAVED_DAY, END_DAY), plan=schedule(grid), effects=every)


def thread_difference(name: str, threads: int, grid: Grid) -> float:
    case = problem(name, grid)
    one, many = (last(solve(case, "native", "fast", n)).full() for n in (1, threads))
    return float(np.abs(one - many).max())


def restart_difference(name: str, engine: str, grid: Grid) -> float:
    """Between a run and the same run whose middle was written to a file and read again."""
    whole = problem(name, grid)
    middle, end = solve(whole, engine, "fast")
    with tempfile.TemporaryDirectory() as folder:
        resumed = load(save(middle, Path(folder)), whole)
    return float(np.abs(last(solve(resumed, engine, "fast")).full() - end.full()).max())


def save(snapshot: Snapshot, folder: Path) -> Path:
    """A checkpoint: the whole state and its day."""
    path = folder / "checkpoint.npz"
    np.savez(path, state=snapshot.full(), day=snapshot.day)
    return path


def load(path: Path, problem: Problem) -> Problem:
    """The rest of ``problem`` from a checkpoint on."""
    with np.load(path) as saved:
        state, day = saved["state"], float(saved["day"])
    return replace(problem, initial=state, start_day=day, days=tuple(d for d in problem.days if d > day))
