"""The global search: Optuna proposes, the journal remembers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calibration.asking import BATCH, Asking, batches, check_sampler, finished
from calibration.journal import open_study
from calibration.objective import FAILED, Objective
from calibration.pool import Evaluate
from calibration.space import Space
from twin.errors import SolverError, UsageError
from twin.progress import SILENT, Progress, stage

if TYPE_CHECKING:
    import optuna

SAMPLERS = ("tpe", "cma-es", "random", "qmc", "gp")


@dataclass(frozen=True)
class Found:
    """The best candidate (standard units), its objective, and how many were computed or failed."""

    z: np.ndarray
    objective: float
    evaluations: int
    failed: int


def search(
    space: Space,
    evaluate: Evaluate,
    journal: Path,
    study_name: str,
    *,
    evaluations: int = 200,
    sampler: str = "tpe",
    seed: int = 0,
    progress: Progress = SILENT,
) -> Found:
    """Minimise the objective that ``evaluate`` holds, over prior quantiles, with every result kept in ``journal``.

    Called again with the same journal and study name it goes on where it was: what was computed is not computed again, and
    what was being computed when the process died is computed now under its old number, so that the result is that of an
    undisturbed run. Candidate 0 is the prior median. Raises SolverError where every candidate failed.
    """
    check_sampler(sampler, SAMPLERS)
    if sampler == "gp":
        _check_torch()
    with open_study(journal, study_name) as study, stage(progress, "searching parameters", evaluations) as bar:
        best = min((t.value for t in study.get_trials(deepcopy=False) if t.value is not None), default=FAILED)
        bar.advance(finished(study))
        for batch in batches(study, evaluations, _asking(space, sampler, seed)):
            points = [_point(space, trial) for trial in batch]
            for trial, value in zip(batch, evaluate(call, points), strict=True):
                _tell(study, trial, value)
                best = min(best, value)
                bar.advance(note=f"best fit {best:.4g}" if best < FAILED else "")
        return _found(study, space)


def _check_torch() -> None:
    """Gaussian processes are an extra: their library is large and no other search needs it."""
    import importlib.util

    if importlib.util.find_spec("torch") is None:
        raise UsageError(
            "The sampler 'gp' needs the Python package 'torch', which is not installed.",
            where="--sampler",
            remedy="pip install 'oncotwin[gp]', or take tpe or cma-es",
        )


def call(objective: Objective, z: np.ndarray) -> float:
    return objective(z)


def _asking(space: Space, sampler: str, seed: int) -> Asking:
    from optuna.distributions import FloatDistribution

    middle, unit = dict.fromkeys(space.names, 0.5), FloatDistribution(0.0, 1.0)
    return Asking(partial(_sampler, sampler, len(space)), middle, dict.fromkeys(space.names, unit), seed)


def _point(space: Space, trial: Any) -> np.ndarray:
    return space.from_quantiles(np.array([trial.params[name] for name in space.names]))


def _tell(study: optuna.Study, trial: Any, value: float) -> None:
    from optuna.trial import TrialState

    if value >= FAILED:
        study.tell(trial.number, state=TrialState.FAIL)
    else:
        study.tell(trial.number, value)


def _sampler(name: str, size: int, seed: int) -> Any:
    from optuna import samplers

    if name == "random":
        return samplers.RandomSampler(seed=seed)
    if name == "qmc":
        return samplers.QMCSampler(seed=0, scramble=True)
    if name == "cma-es":
        return samplers.CmaEsSampler(x0=None, sigma0=0.25, seed=seed, popsize=max(BATCH, 4 + int(3 * np.log(size))))
    if name == "gp":
        return samplers.GPSampler(seed=seed, deterministic_objective=True)
    return samplers.TPESampler(seed=seed, n_startup_trials=3 * BATCH, multivariate=True, constant_liar=True)


def _found(study: optuna.Study, space: Space) -> Found:
    done = [t for t in study.trials if t.value is not None]
    failed = sum(t.state.is_finished() and t.value is None for t in study.trials)
    if not done:
        raise SolverError(
            "No candidate could be computed.",
            why="there is nothing to choose from",
            remedy="run `oncotwin simulate` on the case to see the solver's message; check units, masks and doses",
        )
    best = min(done, key=lambda t: (t.value, t.number))
    return Found(_point(space, best), float(best.value), len(done), failed)
