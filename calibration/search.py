"""The global search: Optuna proposes, the journal remembers."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calibration.journal import open_study
from calibration.objective import FAILED, Objective
from calibration.pool import Evaluate
from calibration.space import Space
from twin.errors import SolverError, UsageError
from twin.progress import SILENT, Progress, stage
from twin.registry import unknown

if TYPE_CHECKING:
    import optuna

SAMPLERS = ("tpe", "cma-es", "random", "qmc", "gp")
BATCH = 8
"""Candidates proposed together. Fixed, so that the proposals do not depend on how many processes evaluate them."""


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
    if sampler not in SAMPLERS:
        raise UsageError(unknown("sampler", sampler, list(SAMPLERS)), remedy=f"known: {', '.join(SAMPLERS)}")
    if sampler == "gp":
        _check_torch()
    with open_study(journal, study_name) as study, stage(progress, "searching parameters", evaluations) as bar:
        before = study.get_trials(deepcopy=False)
        best = min((t.value for t in before if t.value is not None), default=FAILED)
        bar.advance(sum(t.state.is_finished() for t in before))
        ask = partial(_ask, study, space, sampler, seed)
        while batch := next_batch(study, evaluations, ask):
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


def next_batch(study: optuna.Study, evaluations: int, ask: Callable[[int], Any]) -> list[Any]:
    """The trials of the next batch: first those that a killed run left open, then new ones up to the batch's end, each by
    ``ask`` with its number."""
    import optuna

    trials = study.get_trials(deepcopy=False)
    unfinished = [t.number for t in trials if not t.state.is_finished()]
    start = (unfinished[0] if unfinished else len(trials)) // BATCH * BATCH
    batch = [optuna.trial.Trial(study, t._trial_id) for t in trials if t.number >= start and not t.state.is_finished()]
    with quiet():
        batch += [ask(number) for number in range(max(start, len(trials)), min(start + BATCH, evaluations))]
    return batch


def _ask(study: optuna.Study, space: Space, sampler: str, seed: int, number: int) -> Any:
    study.sampler = _sampler(sampler, len(space), seed_of(seed, number))
    if number == 0:
        study.enqueue_trial({name: 0.5 for name in space.names})
    return study.ask({name: _unit() for name in space.names})


def _point(space: Space, trial: Any) -> np.ndarray:
    return space.from_quantiles(np.array([trial.params[name] for name in space.names]))


def _unit():
    from optuna.distributions import FloatDistribution

    return FloatDistribution(0.0, 1.0)


def _tell(study: optuna.Study, trial: Any, value: float) -> None:
    from optuna.trial import TrialState

    if value >= FAILED:
        study.tell(trial.number, state=TrialState.FAIL)
    else:
        study.tell(trial.number, value)


def _sampler(name: str, size: int, seed: int) -> Any:
    from optuna import samplers

    with quiet():
        if name == "random":
            return samplers.RandomSampler(seed=seed)
        if name == "qmc":
            return samplers.QMCSampler(seed=0, scramble=True)
        if name == "cma-es":
            return samplers.CmaEsSampler(x0=None, sigma0=0.25, seed=seed, popsize=max(BATCH, 4 + int(3 * np.log(size))))
        if name == "gp":
            return samplers.GPSampler(seed=seed, deterministic_objective=True)
        return samplers.TPESampler(seed=seed, n_startup_trials=3 * BATCH, multivariate=True, constant_liar=True)


@contextmanager
def quiet():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def seed_of(seed: int, number: int) -> int:
    """The seed of the sampler that proposes candidate ``number``: the same whether the search was interrupted or not."""
    return int(np.random.SeedSequence((seed, number)).generate_state(1)[0])


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
