"""How long a comparison will take, measured on a few of its runs before it starts, and whether there is time for that."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from scenarios.endpoint import Sight
from scenarios.simulated import after_decision, until_decision
from scenarios.task import HandedOver, Task, shared_of
from solvers.simulate import Failure
from twin.errors import DataRefused

T = TypeVar("T")
RUNS = 3
"""Runs of each task of the pilot that are timed."""


@dataclass(frozen=True)
class Pace:
    """Seconds of one draw to the decision day, and of one run from there on with the writing of its result."""

    past_s: float
    run_s: float

    def hours(self, tasks: Sequence[Task], workers: int) -> float:
        """What ``tasks`` take on so many ``workers`` at once."""
        seconds = len(tasks) * self.past_s + sum(len(task.arms) for task in tasks) * self.run_s
        return seconds / min(max(workers, 1), max(len(tasks), 1)) / 3600.0


def check_time(hours: float, handed: HandedOver, workers: int, sweep_over: Callable[[Callable, Sequence], Iterator]) -> None:
    """DataRefused, before the comparison starts, where it needs more than ``hours``.

    As many tasks as there are ``workers`` are begun, at once as later, and up to ``RUNS`` runs of each are timed and kept.
    Where none of them can be run nothing is known and nothing refused: the comparison names what fails.
    """
    if not handed.tasks:
        return
    chosen = _spread(handed.tasks, min(workers, len(handed.tasks)))
    found = [pace for _, pace in sweep_over(paced, [replace(t, arms=_spread(t.arms, RUNS)) for t in chosen])]
    known = [pace for pace in found if isinstance(pace, Pace)]
    if not known:
        return
    mean = Pace(float(np.mean([p.past_s for p in known])), float(np.mean([p.run_s for p in known])))
    needed = mean.hours(handed.tasks, workers)
    if needed > hours:
        raise DataRefused(
            f"The study needs about {_words(needed)}, but within_hours is {hours:g} ({_words(hours)}).",
            where="within_hours",
            why="it would stop half-way",
            remedy="compare fewer arms, draws or days, use more processes, or give it more time",
        )


def paced(task: Task) -> Pace | Failure:
    """Time a task: its past, and each of its arms from there. Once untimed before, which loads the compiled solver."""
    shared = shared_of(task)
    setup, arms = shared.setup, [a for a in shared.setup.arms if a.id in task.arms]
    sight = Sight.of(shared.twin.patient, setup.timeline.decision_day)
    after_decision(setup, sight, until_decision(setup, shared.twin, task.draw), arms[0])
    started = time.perf_counter()
    decided = until_decision(setup, shared.twin, task.draw)
    past, runs = time.perf_counter() - started, list[float]()
    for arm in arms:
        started = time.perf_counter()
        reading = after_decision(setup, sight, decided, arm)
        if isinstance(reading, Failure):
            continue
        shared.store.save(shared.keys[task.draw, arm.id], reading)
        runs.append(time.perf_counter() - started)
    return Pace(past, float(np.mean(runs))) if runs else Failure("no run of the pilot could be computed", "")


def _words(hours: float) -> str:
    return f"{hours:.3g} hours" if hours >= 1 else f"{60 * hours:.2g} minutes"


def _spread(items: Sequence[T], count: int) -> tuple[T, ...]:
    """Up to ``count`` of the items, evenly over all of them."""
    places = np.unique(np.linspace(0, len(items) - 1, min(count, len(items))).round().astype(int))
    return tuple(items[i] for i in places)
