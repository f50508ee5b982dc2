"""Therapy options compared on one posterior: every arm on the same draws, from the same state on the decision day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

import xarray as xr

from scenarios.arms import Arm
from scenarios.dose_store import write_doses
from scenarios.gather import gather
from scenarios.on_record import keep_on_record
from scenarios.pilot import check_time
from scenarios.prepare import prepare
from scenarios.received import received
from scenarios.room import check_room
from scenarios.simulated import Calibrated
from scenarios.study import Study
from scenarios.summary import summarise
from scenarios.sweep import sweep, workers
from scenarios.task import HandedOver, Task, compute, hand_over, one_by_one
from solvers.engine import Accuracy
from solvers.simulate import Failure
from twin.errors import DataRefused, OncotwinError
from twin.progress import SILENT, Progress, stage
from twin.store import save_json

FailedRuns = dict[tuple[str, int], Failure]


def run_scenarios(
    calibration: Calibrated,
    out: Path,
    *,
    arms: Sequence[Arm] | Study | None = None,
    horizon_day: float | None = None,
    scheduler: str | None = None,
    processes: int = 2,
    seed: int = 0,
    accuracy: Accuracy = "fast",
    progress: Progress = SILENT,
) -> xr.Dataset:
    """Simulate every arm on every posterior draw; write ``scenarios.zarr``, ``scenarios.json``, ``doses.zarr`` and
    ``runs/`` into ``out``, and what was said of each arm into the ledger where one lies there.

    ``arms``: a list, a study file's :class:`~scenarios.study.Study`, or None for the default arms. Runs finished before
    are read, not repeated. ``scheduler`` is a dask address; without it ``processes`` local ones, 0: this process. The
    numbers are the same whatever runs them. ``seed`` draws what the posterior does not hold (effects never learnt).

    A study that would need more disk, or more than its ``within_hours``, is refused before it starts (DataRefused).
    Runs that failed are named under "failed" of scenarios.json and are NaN in the result. DataRefused for an arm, scan or
    horizon that contradicts the patient; OncotwinError if every run failed.
    """
    comparison = prepare(calibration, arms, horizon_day, seed, accuracy)
    out = Path(out).resolve()
    out.mkdir(parents=True, exist_ok=True)
    apart = scheduler is not None or processes > 0
    handed = hand_over(calibration, comparison.setup, comparison.draws, out, apart)
    sweep_over = partial(sweep, scheduler=scheduler, processes=processes)
    try:
        check_room(comparison, sum(len(t.arms) for t in handed.tasks), calibration.patient, out)
        if comparison.within_hours is not None:
            check_time(comparison.within_hours, handed, workers(scheduler, processes), sweep_over)
    except DataRefused:
        handed.withdraw()
        raise
    failed = _run(handed, sweep_over, progress)
    if len(failed) == len(handed.keys):
        first = next(iter(failed.values()))
        raise OncotwinError(f"Every run failed: {first.reason}", where="scenarios", remedy=first.advice)
    data = gather(comparison, handed.store, handed.keys, calibration, out, progress)
    given = calibration.patient.treatments.before(comparison.setup.timeline.decision_day)
    courses = {arm.id: received(arm, data) for arm in comparison.setup.arms}
    write_doses(out / "doses.zarr", courses, given, calibration.patient)
    handed.forget()
    keep_on_record(calibration, comparison.setup.arms, data, out)
    save_json(out / "scenarios.json", summarise(data, comparison, calibration.patient, failed))
    return data


def _run(handed: HandedOver, sweep_over: Callable[..., Iterator], progress: Progress) -> FailedRuns:
    """Run every task; where a whole task was lost, its unfinished arms once more, one by one."""
    failed: FailedRuns = {}
    lost: list[Task] = []
    with stage(progress, "simulate the arms", sum(len(t.arms) for t in handed.tasks)) as bar:
        for task, outcome in sweep_over(compute, handed.tasks):
            if isinstance(outcome, Failure):
                lost.append(task)
            else:
                failed.update({(arm, task.draw): failure for arm, failure in outcome.failed})
            bar.advance(len(task.arms))
    for task, outcome in sweep_over(compute, one_by_one(lost, handed.store, handed.keys)):
        found = [(task.arms[0], outcome)] if isinstance(outcome, Failure) else outcome.failed
        failed.update({(arm, task.draw): failure for arm, failure in found})
    return failed
