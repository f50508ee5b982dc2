"""Search for the front of several costs under limits: Optuna's NSGA proposes, the journal remembers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from calibration.asking import Asking, batches, check_sampler, finished
from calibration.journal import open_study
from solvers.simulate import Failure
from twin.errors import SolverError
from twin.progress import SILENT, Progress, stage

SAMPLERS = ("nsga2", "nsga3")
POPULATION = 16
VIOLATIONS = "violations"


@dataclass(frozen=True)
class Knob:
    """What may be varied: between ``low`` and ``high`` in steps of ``step``; ``start`` is tried first."""

    name: str
    unit: str
    low: float
    high: float
    step: float
    start: float


@dataclass(frozen=True)
class Scored:
    """Costs of a candidate, all to be small, and by how much it violates each limit (zero or less: it keeps it)."""

    costs: tuple[float, ...]
    violations: tuple[float, ...] = ()

    @property
    def feasible(self) -> bool:
        return all(v <= 0 for v in self.violations)


@dataclass(frozen=True)
class Tried:
    """A candidate: its values by knob, and its score or the failure that it was."""

    values: dict[str, float]
    score: Scored | Failure


Evaluate = Callable[[Sequence[Mapping[str, float]]], Sequence[Scored | Failure]]
"""Scores of several candidates, in their order."""


def search_front(
    knobs: Sequence[Knob],
    evaluate: Evaluate,
    journal: Path,
    study_name: str,
    *,
    objectives: int,
    evaluations: int = 96,
    sampler: str = "nsga2",
    seed: int = 0,
    progress: Progress = SILENT,
) -> list[Tried]:
    """Every candidate that was tried, in order; the first is the knobs' ``start``.

    NSGA-II or NSGA-III (Deb 2002; Deb and Jain 2014) with limits as constraints. Called again with the same journal and name
    it goes on where it was. Raises UsageError for an unknown sampler, SolverError where every candidate failed.
    """
    check_sampler(sampler, SAMPLERS)
    with open_study(journal, study_name, objectives) as study, stage(progress, "searching options", evaluations) as bar:
        bar.advance(finished(study))
        for batch in batches(study, evaluations, _asking(knobs, sampler, seed)):
            for trial, score in zip(batch, evaluate([dict(t.params) for t in batch]), strict=True):
                _tell(study, trial, score)
                bar.advance()
        tried = [_tried(trial) for trial in study.trials]
    if not any(isinstance(t.score, Scored) for t in tried):
        raise SolverError("No candidate could be computed.", remedy="run `oncotwin scenarios` to see the solver's message")
    return tried


def _asking(knobs: Sequence[Knob], sampler: str, seed: int) -> Asking:
    from optuna.distributions import FloatDistribution

    ranges = {k.name: FloatDistribution(k.low, k.high, step=k.step) for k in knobs}
    return Asking(partial(_sampler, sampler), {k.name: k.start for k in knobs}, ranges, seed)


def _sampler(name: str, seed: int) -> Any:
    from optuna import samplers

    kind = samplers.NSGAIISampler if name == "nsga2" else samplers.NSGAIIISampler
    return kind(population_size=POPULATION, seed=seed, constraints_func=lambda trial: trial.user_attrs[VIOLATIONS])


def _tell(study: Any, trial: Any, score: Scored | Failure) -> None:
    from optuna.trial import TrialState

    if isinstance(score, Failure):
        trial.set_user_attr("failed", [score.reason, score.advice])
        trial.set_user_attr(VIOLATIONS, [1.0])
        study.tell(trial.number, state=TrialState.FAIL)
    else:
        trial.set_user_attr(VIOLATIONS, list(score.violations) or [0.0])
        study.tell(trial.number, list(score.costs))


def _tried(trial: Any) -> Tried:
    if trial.values is None:
        return Tried(dict(trial.params), Failure(*trial.user_attrs.get("failed", ("interrupted", "run again"))))
    return Tried(dict(trial.params), Scored(tuple(trial.values), tuple(trial.user_attrs[VIOLATIONS])))
