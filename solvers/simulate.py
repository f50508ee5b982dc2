"""The one loop over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from solvers.effect import Jump
from solvers.engine import Accuracy, Exposure, engines
from solvers.problem import Problem, Snapshot
from twin.errors import OncotwinError, SolverError
from twin.fields import coordinates, frame_attributes


def solve(problem: Problem, engine: str = "native", accuracy: Accuracy = "standard", threads: int = 1) -> Iterator[Snapshot]:
    """Yield the state at each of ``problem.days``, landing exactly on every dose, operation and breakpoint."""
    jumps = sorted((j for e in problem.effects for j in e.jumps(problem.plan, problem.medium)), key=lambda j: j.day)
    problem = _after_operations(problem, jumps)
    jumps = [j for j in jumps if j.day >= problem.start_day]
    stepper = engines[engine](accuracy=accuracy, threads=threads).prepare(problem)
    stops = _breakpoints(problem, [j.day for j in jumps])
    exposure = _exposure(problem)
    state, now = stepper.start(problem.initial), problem.start_day
    wanted, due = iter(problem.days), 0
    day: float | None = next(wanted)
    for stop in stops:
        if stop > now:
            state = stepper.advance(state, now, stop, exposure)
            now = stop
        if day == stop:
            snapshot = replace(stepper.snapshot(state, stop), visible_species=problem.model.visible_species)
            if not np.isfinite(snapshot.burden_ml()):
                raise SolverError(
                    f"The solution blew up before day {stop:g}.",
                    why="values that are not numbers cannot be a forecast",
                    remedy="check the parameters; try accuracy='reference' or the 'fipy' engine",
                )
            yield snapshot
            day = next(wanted, None)
        while due < len(jumps) and jumps[due].day <= stop:
            state = stepper.jump(state, jumps[due])
            due += 1


def simulate(problem: Problem, engine: str = "native", accuracy: Accuracy = "standard", threads: int = 1) -> xr.Dataset:
    """The cell fraction (and species) at ``problem.days`` as a dataset with dims (t, species, z, y, x), mm and days."""
    grid = problem.medium.grid
    shots = list(solve(problem, engine, accuracy, threads))
    values = np.stack([s.full() for s in shots])
    data = xr.Dataset(
        {
            "u": (
                ("t", "species", "z", "y", "x"),
                values,
                {"units": "1", "long_name": "fraction of the carrying capacity"},
            ),
            "burden": (
                "t",
                [s.burden_ml() for s in shots],
                {"units": "mL", "long_name": "integral of the cell fraction"},
            ),
        },
        coords={
            "t": ("t", list(problem.days), {"units": "day"}),
            "species": list(problem.model.species),
            **coordinates(grid),
        },
        attrs={**frame_attributes(grid), "engine": engine, "accuracy": accuracy},
    )
    return data


@dataclass(frozen=True)
class Failure:
    """A run that failed, as a value: the reason and a sentence of advice."""

    reason: str
    advice: str


def simulate_batch(
    problems: Iterable[Problem],
    reduce: Callable[[Iterator[Snapshot]], Any],
    engine: str = "native",
    accuracy: Accuracy = "standard",
    threads: int = 1,
) -> list[Any]:
    """``reduce(snapshots)`` of every problem; a failed one is a :class:`Failure` in its place and harms no other."""
    results: list[Any] = []
    for problem in problems:
        try:
            results.append(reduce(solve(problem, engine, accuracy, threads)))
        except (OncotwinError, MemoryError, FloatingPointError) as error:
            advice = getattr(error, "remedy", "") or "use a coarser grid or a smaller region"
            results.append(Failure(str(getattr(error, "what", error)), advice))
    return results


def _after_operations(problem: Problem, jumps: list[Jump]) -> Problem:
    """The problem in tissue without the cavities that were cut before its start."""
    cut = [j.removed for j in jumps if j.removed is not None and j.day < problem.start_day]
    if not cut:
        return problem
    domain = problem.medium.domain & ~np.logical_or.reduce(cut)
    return replace(problem, medium=replace(problem.medium, domain=domain), initial=problem.initial * domain)


def _breakpoints(problem: Problem, jump_days: list[float]) -> list[float]:
    end = problem.days[-1]
    kinks = [t for e in problem.effects for t in e.breakpoints(problem.plan)]
    return sorted({t for t in [*problem.days, *jump_days, *kinks] if problem.start_day <= t <= end})


def _exposure(problem: Problem) -> Exposure:
    acting = [e for e in problem.effects if e.acts_on(problem.plan)]
    maps = [e.delivery(problem.plan, problem.medium) for e in acting]

    def integrals(start: float, stop: float):
        return [(e.exposure(problem.plan, start, stop), m) for e, m in zip(acting, maps, strict=True)]

    return integrals
