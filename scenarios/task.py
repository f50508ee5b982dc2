"""The unit of work: one posterior draw under some arms. Patient and posterior are read once per process, not per task."""

from __future__ import annotations

import functools
import pickle
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scenarios.fingerprint import fingerprint
from scenarios.runs import Keys, RunStore
from scenarios.simulated import Calibrated, Setup, simulate_draw
from solvers.simulate import Failure
from twin.errors import DataRefused
from twin.store import load_dataset, replacing


@dataclass(frozen=True)
class Payload:
    """What every process needs. ``twin`` is None where the calibration can be read from ``results``."""

    setup: Setup
    store: RunStore
    keys: dict[tuple[int, str], str]
    results: Path
    twin: Calibrated | None


@dataclass(frozen=True)
class Task:
    """One draw under some arms; small enough to send anywhere."""

    payload: Path
    draw: int
    arms: tuple[str, ...]


@dataclass(frozen=True)
class Done:
    """The arms of a task that failed, with the reason."""

    failed: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class HandedOver:
    """The tasks of a comparison, and where their results will be found."""

    tasks: list[Task]
    store: RunStore
    keys: dict[tuple[int, str], str]

    def forget(self) -> None:
        """Remove what was handed over, of this comparison and of interrupted ones; the runs stay."""
        for path in self.store.folder.glob("comparison-*.pickle"):
            path.unlink(missing_ok=True)
            _in_this_process.pop(path, None)


def hand_over(twin: Calibrated, setup: Setup, draws: Sequence[int], results: Path) -> HandedOver:
    """Write the payload into ``results``/runs and list the tasks whose runs are not there yet."""
    keys = Keys(setup, twin)
    names = {(draw, arm.id): keys.key(draw, arm) for draw in draws for arm in setup.arms}
    store = RunStore(results / "runs", len(setup.timeline.scans))
    path = results / "runs" / f"comparison-{fingerprint(sorted(names.values()))}.pickle"
    stored = _stored_in(results, twin)
    payload = Payload(setup, store, names, results, None if stored else twin)
    with replacing(path) as temporary:
        temporary.write_bytes(pickle.dumps(payload))
    _in_this_process[path] = (payload, twin)
    missing = {draw: tuple(a.id for a in setup.arms if not store.has(names[draw, a.id])) for draw in draws}
    return HandedOver([Task(path, draw, arms) for draw, arms in missing.items() if arms], store, names)


def one_by_one(tasks: Iterable[Task], store: RunStore, keys: dict[tuple[int, str], str]) -> list[Task]:
    """The unfinished arms of ``tasks``, each a task of its own: a run that kills its process then fails alone."""
    return [Task(t.payload, t.draw, (a,)) for t in tasks for a in t.arms if not store.has(keys[t.draw, a])]


def compute(task: Task) -> Done:
    """Simulate and store the runs of a task that are not stored yet. Idempotent."""
    payload, twin = _opened(task.payload)
    wanted = [a for a in payload.setup.arms if a.id in task.arms and not payload.store.has(payload.keys[task.draw, a.id])]
    failed: list[tuple[str, str]] = []
    for arm, outcome in simulate_draw(payload.setup, twin, task.draw, wanted):
        if isinstance(outcome, Failure):
            failed.append((arm.id, outcome.reason))
        else:
            payload.store.save(payload.keys[task.draw, arm.id], outcome)
    return Done(tuple(failed))


_in_this_process: dict[Path, tuple[Payload, Calibrated]] = {}


def _opened(path: Path) -> tuple[Payload, Calibrated]:
    return _in_this_process.get(path) or _from_disk(path)


@functools.lru_cache(maxsize=1)
def _from_disk(path: Path) -> tuple[Payload, Calibrated]:
    if not path.exists():
        raise DataRefused(
            f"{path.name} is not to be seen from this machine.",
            where=str(path),
            why="every process of a sweep reads the results folder",
            remedy="give a results folder on a file system that all machines of the scheduler share",
        )
    payload = pickle.loads(path.read_bytes())
    if payload.twin is not None:
        return payload, payload.twin
    from calibration.calibration import load_calibration

    return payload, load_calibration(payload.results)


def _stored_in(results: Path, twin: Calibrated) -> bool:
    """Whether ``results`` holds this very calibration, so that other processes can read it there."""
    if not (results / "posterior.zarr").exists() or not (results / "patient.json").exists():
        return False
    with load_dataset(results / "posterior.zarr") as stored:
        return np.array_equal(stored["value"].values, twin.posterior["value"].values)
