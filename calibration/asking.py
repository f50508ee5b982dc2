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
            study.sampler = self._seeded(number)
            if number == 0:
                study.enqueue_trial(dict(self.first))
            return study.ask(dict(self.ranges))

    def again(self, study: optuna.Study, number: int, identity: int) -> optuna.Trial:
        """Candidate ``number``, which a killed run left open; values that it had not got yet are proposed now."""
        import optuna

        with _quiet():
            study.sampler = self._seeded(number)
            candidate = optuna.trial.Trial(study, identity)
            known = study.get_trials(deepcopy=False)[number]
            for name, values in self.ranges.items():
                if name in known.params and name not in candidate.relative_params:
                    # drawn once more and dropped, so that the next value is drawn from the same random number as it was
                    study.sampler.sample_independent(study, known, name, values)
                candidate._suggest(name, values)
            return candidate

    def _seeded(self, number: int) -> Any:
        return self.sampler(int(np.random.SeedSequence((self.seed, number)).generate_state(1)[0]))


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
    trials = study.get_trials(deepcopy=False)
    unfinished = [t.number for t in trials if not t.state.is_finished()]
    start = (unfinished[0] if unfinished else len(trials)) // BATCH * BATCH
    left = [t for t in trials if t.number >= start and not t.state.is_finished()]
    batch = [asking.again(study, t.number, t._trial_id) for t in left]
    return batch + [asking.one(study, n) for n in range(max(start, len(trials)), min(start + BATCH, evaluations))]


@contextmanager
def _quiet() -> Iterator[None]:
    """Without Optuna's remarks that a sampler is experimental."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
