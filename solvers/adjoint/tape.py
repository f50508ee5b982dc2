"""The steps that the native engine makes for a problem, written down without making them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from solvers.effect import Jump
from solvers.engine import Accuracy, Event, Exposure
from solvers.native.polynomials import Polynomial
from solvers.native.reaction import Phase
from solvers.native.stepper import NativeStepper, shares
from solvers.problem import Problem, Snapshot
from solvers.simulate import march
from twin.errors import UsageError


@dataclass(frozen=True)
class Diffusion:
    """A step of the diffusion: (parts, polynomial) of every species, None for one that stays."""

    dt: float
    steps: tuple[tuple[int, Polynomial] | None, ...]


@dataclass(frozen=True)
class Dose:
    """The tumour species times a (z, y, x) field."""

    survival: np.ndarray


@dataclass(frozen=True)
class Seen:
    """The state is looked at."""


Step = Phase | Diffusion | Dose | Seen


def tape(problem: Problem, accuracy: Accuracy, like: Sequence[Step] | None = None) -> list[Step]:
    """Every step of ``problem``. ``like``: the steps of another problem, whose numbers of steps are taken over, so that the
    two tapes differ in nothing but the strength of what is done."""
    kept: list[Step] = []
    lengths = None if like is None else iter(s for s in like if isinstance(s, Diffusion))

    def prepare(p: Problem) -> _Recorder:
        return _Recorder(p, accuracy, kept, lengths)

    for _ in march(problem, prepare):
        pass
    return kept


class _Recorder(NativeStepper):
    """A stepper whose state is nothing: it writes down what it would do."""

    def __init__(self, problem: Problem, accuracy: Accuracy, kept: list[Step], like: Iterator[Diffusion] | None):
        super().__init__(problem, accuracy, 1)
        self.kept, self.like = kept, like
        _check(self)

    def start(self, initial: np.ndarray) -> Any:
        return None

    def _across(self, state: Any, start: float, stop: float, exposure: Exposure, events: Sequence[Event]) -> Any:
        first = None if self.like is None else next(self.like)
        steps = self._steps(stop - start) if first is None else round((stop - start) / first.dt)
        dt, before = (stop - start) / steps, start
        for count, share in enumerate(shares(steps)):
            then = start + share * dt
            self.kept += self.reactor.phases(before, then, exposure, events)
            if first is not None and self.like is not None:
                self.kept.append(first if count == 0 else next(self.like))
            else:
                self.kept.append(Diffusion(dt, self._polynomials(dt)))
            before = then
        self.kept += self.reactor.phases(before, stop, exposure, events)

    def _polynomials(self, dt: float) -> tuple[tuple[int, Polynomial] | None, ...]:
        growth = self.model.accuracy_rate * dt
        return tuple(self.mover.steps_of(dt, growth, self.scheme.polynomial * growth**2))

    def jump(self, state: Any, jump: Jump) -> Any:
        if jump.removed is not None or jump.infused is not None or jump.into in self.model.species:
            raise UsageError(
                "There is no gradient through an operation, an infusion of cells or a dying compartment.",
                remedy="leave it out of the structure, or fit without a field",
            )
        if np.ndim(jump.survival) == 0:
            self.kept.append(Phase(0.0, survival=float(jump.survival)))
        else:
            self.kept.append(Dose(np.asarray(jump.survival)))

    def snapshot(self, state: Any, day: float) -> Snapshot:
        self.kept.append(Seen())
        nothing = np.zeros((len(self.model.species), 1, 1, 1))
        return Snapshot(day, nothing, (slice(0, 1),) * 3, self.grid, self.model.tumour_species)


def _check(stepper: NativeStepper) -> None:
    from solvers.native.movers import LinearMover

    if not isinstance(stepper.mover, LinearMover) or stepper.model.damping is not None:
        raise UsageError(
            f"There is no gradient of {type(stepper.model).__name__}: its cells move as others around them do.",
            remedy="take a model whose diffusivity knows no state: fisher-kpp, gompertz, exponential or bertalanffy",
        )
