"""The unit of work: one posterior draw under some arms. Patient and posterior are read once per process, not per task."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scenarios.fingerprint import fingerprint
from scenarios.handed import RunKeys, load_setup, save_setup
from scenarios.runs import Keys, RunStore
from scenarios.simulated import Calibrated, Setup, simulate_draw
from solvers.simulate import Failure
from twin.errors import DataRefused

TWIN = "twin"
"""The calibration, beside the comparison, where the results folder does not hold it."""


@dataclass(frozen=True)
class Task:
    """One draw under some arms; small enough to send anywhere. ``comparison`` is the folder of what all tasks share."""

    comparison: Path
    draw: int
    arms: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """The arms of a task that failed, with the reason and a sentence of advice."""

    failed: tuple[tuple[str, Failure], ...] = ()


@dataclass(frozen=True)
class HandedOver:
    """The tasks of a comparison, and where their results will be found."""

    tasks: list[Task]
    store: RunStore
    keys: RunKeys

    def forget(self) -> None:
        """Remove what was handed over, of this comparison and of interrupted ones; the runs stay."""
        for path in self.store.folder.glob("comparison-*"):
            shutil.rmtree(path, ignore_errors=True)
            _in_this_process.pop(path, None)

    def withdraw(self) -> None:
        """Remove what was handed over and what was computed of the tasks: the comparison does not start."""
        for task in self.tasks:
            for arm in task.arms:
                self.store.path(self.keys[task.draw, arm]).unlink(missing_ok=True)
        self.forget()
        if self.store.folder.exists() and not any(self.store.folder.iterdir()):
            self.store.folder.rmdir()


def hand_over(twin: Calibrated, setup: Setup, draws: Sequence[int], results: Path, apart: bool = True) -> HandedOver:
    """List the tasks whose runs are not in ``results``/runs yet; write what they share where they are computed ``apart``,
    in other processes."""
    named = Keys(setup, twin)
    keys = {(draw, arm.id): named.key(draw, arm) for draw in draws for arm in setup.arms}
    store = RunStore(results / "runs", len(setup.timeline.scans))
    missing = {draw: tuple(a.id for a in setup.arms if not store.has(keys[draw, a.id])) for draw in draws}
    path = results / "runs" / f"comparison-{fingerprint(sorted(keys.values()))}"
    if apart and any(missing.values()):
        save_setup(path, setup, keys)
        if not _stored_in(results, twin):
            twin.save(path / TWIN)
    _in_this_process[path] = Shared(setup, keys, twin, store)
    return HandedOver([Task(path, draw, arms) for draw, arms in missing.items() if arms], store, keys)


def one_by_one(tasks: Iterable[Task], store: RunStore, keys: RunKeys) -> list[Task]:
    """The unfinished arms of ``tasks``, each a task of its own: a run that kills its process then fails alone."""
    return [Task(t.comparison, t.draw, (a,)) for t in tasks for a in t.arms if not store.has(keys[t.draw, a])]


def compute(task: Task) -> Done:
    """Simulate and store the runs of a task that are not stored yet. Idempotent."""
    shared = shared_of(task)
    store, keys = shared.store, shared.keys
    wanted = [a for a in shared.setup.arms if a.id in task.arms and not store.has(keys[task.draw, a.id])]
    failed: list[tuple[str, Failure]] = []
    for arm, outcome in simulate_draw(shared.setup, shared.twin, task.draw, wanted):
        if isinstance(outcome, Failure):
            failed.append((arm.id, outcome))
        else:
            store.save(keys[task.draw, arm.id], outcome)
    return Done(tuple(failed))


@dataclass(frozen=True)
class Shared:
    """What all tasks of a comparison need."""

    setup: Setup
    keys: RunKeys
    twin: Calibrated
    store: RunStore


_in_this_process: dict[Path, Shared] = {}


def shared_of(task: Task) -> Shared:
    """What the tasks of a comparison need, read once in each process."""
    return _in_this_process.get(task.comparison) or _from_disk(task.comparison)


@functools.lru_cache(maxsize=1)
def _from_disk(path: Path) -> Shared:
    from calibration.calibration import load_calibration

    if not path.exists():
        raise DataRefused(
            f"{path.name} is not to be seen from this machine.",
            where=str(path),
            why="every process of a sweep reads the results folder",
            remedy="give a results folder on a file system that all machines of the scheduler share",
        )
    setup, keys = load_setup(path)
    twin = load_calibration(path / TWIN if (path / TWIN).exists() else path.parents[1])
    return Shared(setup, keys, twin, RunStore(path.parent, len(setup.timeline.scans)))


def _stored_in(results: Path, twin: Calibrated) -> bool:
    """Whether ``results`` holds this very calibration, so that other processes can read it there."""
    from calibration.calibration import load_calibration

    try:
        stored = load_calibration(results)
    except DataRefused:
        return False
    return fingerprint(stored.patient) == fingerprint(twin.patient) and np.array_equal(
        stored.posterior["value"].values, twin.posterior["value"].values
    )
