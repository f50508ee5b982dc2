"""How Optuna is asked: batch by batch, each candidate by a sampler seeded anew, so that an interrupted search goes on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from twin.errors import UsageError
from twin.registry import unknown

if TYPE_CHECKING:
    import optuna

BATCH = 8
"""Candidates proposed together. Fixed, so that the proposals do not depend on how many processes evaluate them."""


@dataclass(frozen=True)
class Asking:
    """``sampler`` makes Optuna's sampler from a seed; ``first`` is tried first; every candidate has one value a range."""

    sampler: Callable[[int], Any]
    first: Mapping[str, float]
    ranges: Mapping[str, Any]
    seed: int

    def one(self, study: optuna.Study, number: int) -> optuna.Trial:
        """Candidate ``number``: the same whether the search was interrupted or not."""
        with _quiet():
            study.sampler = self.sampler(int(np.random.SeedSequence((self.seed, number)).generate_state(1)[0]))
            if number == 0:
                study.enqueue_trial(dict(self.first))
            return study.ask(dict(self.ranges))


def check_sampler(name: str, known: Sequence[str]) -> None:
    """UsageError for a sampler that this search does not have."""
    if name not in known:
        raise UsageError(unknown("sampler", name, list(known)), remedy=f"known: {', '.join(known)}")


def finished(study: optuna.Study) -> int:
    return sum(t.state.is_finished() for t in study.get_trials(deepcopy=False))


def batches(study: optuna.Study, evaluations: int, asking: Asking) -> Iterator[list[optuna.Trial]]:
    """Batch after batch up to so many candidates; each must be told before the next one is asked for."""
    while batch := _next(study, evaluations, asking):
        yield batch


def _next(study: optuna.Study, evaluations: int, asking: Asking) -> list[optuna.Trial]:
    """First the candidates that a killed run left open, then new ones up to the batch's end."""
    import optuna

    trials = study.get_trials(deepcopy=False)
    unfinished = [t.number for t in trials if not t.state.is_finished()]
    start = (unfinished[0] if unfinished else len(trials)) // BATCH * BATCH
    batch = [optuna.trial.Trial(study, t._trial_id) for t in trials if t.number >= start and not t.state.is_finished()]
    return batch + [asking.one(study, n) for n in range(max(start, len(trials)), min(start + BATCH, evaluations))]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's remarks that a sampler is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
