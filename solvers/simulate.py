"""The one loop over time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import xarray as xr

from solvers.effect import Jump, TherapyEffect
from solvers.engine import Accuracy, Event, Exposure, Kill, Stepper, engines
from solvers.problem import Problem, Snapshot
from twin.errors import OncotwinError, SolverError
from twin.fields import coordinates, frame_attributes
from twin.treatment import Plan


def solve(problem: Problem, engine: str = "native", accuracy: Accuracy = "standard", threads: int = 1) -> Iterator[Snapshot]:
    """Yield the state at each of ``problem.days``, with every dose, operation and breakpoint at its exact time."""
    yield from march(problem, engines[engine](accuracy=accuracy, threads=threads).prepare)


def march(problem: Problem, prepare: Callable[[Problem], Stepper]) -> Iterator[Snapshot]:
    """The loop itself, over whatever ``prepare`` makes of the problem."""
    jumps = sorted((j for e in problem.effects for j in e.jumps(problem.plan, problem.medium)), key=lambda j: j.day)
    problem = _after_operations(problem, jumps)
    stepper = prepare(problem)
    acting = [(e, e.delivery(problem.plan, problem.medium)) for e in problem.effects if e.acts_on(problem.plan)]
    events = _events(problem, jumps, acting)
    exposure = _exposure(problem.plan, acting)
    state, now = stepper.start(problem.initial), problem.start_day
    wanted = iter(problem.days)
    day: float | None = next(wanted)
    for stop in _stops(problem, events):
        if stop > now:
            state = stepper.through(state, now, stop, exposure, [e for e, _ in events if now < e.day < stop])
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
        for event, _ in events:
            if event.day == stop and event.jump is not None:
                state = stepper.jump(state, event.jump)


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


Acting = list[tuple[TherapyEffect, np.ndarray | None]]
"""The effects that the plan concerns, each with its delivery map."""


def _events(problem: Problem, jumps: list[Jump], acting: Acting) -> list[tuple[Event, bool]]:
    """What happens from the start on, by time, and whether the same happens everywhere."""
    found = [(Event(j.day, j), j.is_uniform(problem.model)) for j in jumps]
    found += [(Event(t), delivery is None) for effect, delivery in acting for t in effect.breakpoints(problem.plan)]
    return sorted((e for e in found if e[0].day >= problem.start_day), key=lambda e: e[0].day)


def _stops(problem: Problem, events: list[tuple[Event, bool]]) -> list[float]:
    """Times on which every engine lands: the start, the days asked for, whatever differs from place to place."""
    uneven = [event.day for event, uniform in events if not uniform and event.day <= problem.days[-1]]
    return sorted({problem.start_day, *problem.days, *uneven})


UNNOTICED = 1e-30
"""A drug long gone leaves a kill below what a number can hold, and its mean day would be a quotient of rounding errors."""


def _exposure(plan: Plan, acting: Acting) -> Exposure:
    def kills(start: float, stop: float) -> list[Kill]:
        found = [(e, delivery, e.exposure(plan, start, stop)) for e, delivery in acting]
        return [Kill(total, e.mean_day(plan, start, stop), delivery) for e, delivery, total in found if total > UNNOTICED]

    return kills
