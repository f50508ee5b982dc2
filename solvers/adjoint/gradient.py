"""The slope of a cost of the solution in every number of a problem."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from solvers.adjoint.pointwise import backward_of, forward_of
from solvers.adjoint.space import Coefficients, Space
from solvers.adjoint.tape import Diffusion, Dose, Phase, Seen, Step, tape
from solvers.companion import root
from solvers.engine import Accuracy
from solvers.native.movers import parameter_fields
from solvers.native.schemes import REACTION
from solvers.problem import Problem
from twin.parameter import declared

Cost = Callable[[list[np.ndarray]], tuple[float, list[np.ndarray]]]
"""Tumour cell fractions (z, y, x) at the problem's days -> the cost, and its slope in each voxel of each of them."""

NUDGE, DOSE_NUDGE = 1e-5, 0.1
"""Relative change of a number of the model, and of one of an effect: a kill is linear in its sensitivity, the logarithm of
a survival too, so that a wide difference is as exact and hides the rounding of single-precision dose maps."""


@dataclass(frozen=True)
class Gradient:
    """``value`` of the cost, its slope in the numbers by name (a (z, y, x) field where the number is one) and in the first
    cell fraction (species, z, y, x)."""

    value: float
    numbers: Mapping[str, Any] = field(repr=False)
    initial: np.ndarray = field(repr=False)


def gradient(problem: Problem, cost: Cost, wanted: Sequence[str] = (), accuracy: Accuracy = "fast") -> Gradient:
    """Slope of ``cost`` in the numbers ``wanted`` (default: all that are not held fixed).

    The steps are those of the native engine at that accuracy, taken in double precision over the whole tissue, transposed
    one by one from the last to the first (a discrete adjoint); the states between are kept at every sqrt(n)-th step and made
    again in between (checkpoints; Griewank 1992, Optim Methods Softw 1:35). Diffusion is transposed exactly; the
    reaction of a voxel, and how a number enters it, by central differences of the model's own code (1e-9). Limits: linear
    diffusion, no operation and no dying compartment (UsageError); one continuous kill at a time.
    """
    steps = tape(problem, accuracy)
    run = _Run(problem, steps)
    shots, kept = run.forward()
    value, slopes = cost([run.cells(u) for u in shots])
    sources = [_Source.of(problem, name, accuracy, steps) for name in _names(problem, wanted)]
    slope, by_number, worth = run.backward(kept, slopes, sources)
    numbers = {s.name: run.worth(s, by_number) + w for s, w in zip(sources, worth, strict=True)}
    return Gradient(value, numbers, run.space.full(slope))


def values_at(problem: Problem, accuracy: Accuracy = "fast") -> list[np.ndarray]:
    """The tumour cell fractions (z, y, x) that :func:`gradient` hands to its cost."""
    run = _Run(problem, tape(problem, accuracy))
    return [run.cells(u) for u in run.forward()[0]]


def _names(problem: Problem, wanted: Sequence[str]) -> list[str]:
    every = [p for thing in (root(problem.model), *problem.effects) for p in declared(thing)]
    return [p.name for p in every if (p.name in wanted if wanted else p.prior.spread > 0)]


@dataclass(frozen=True)
class _Source:
    """Two problems that differ by a number, up to ``difference``, and their tapes."""

    name: str
    difference: Any
    above: Problem
    below: Problem
    tapes: tuple[list[Step], list[Step]] | None
    coefficients: Coefficients | None

    @classmethod
    def of(cls, problem: Problem, name: str, accuracy: Accuracy, steps: list[Step]) -> _Source:
        above, below, difference = _around(problem, name)
        if root(above.model) is root(problem.model):
            pair = (tape(above, accuracy, steps), tape(below, accuracy, steps))
            return cls(name, difference, above, below, pair, None)
        tissues = problem.medium.tissues
        moves = not np.array_equal(above.model.diffusivity(tissues), below.model.diffusivity(tissues))
        change = Coefficients(Space(above), Space(below), float(difference)) if moves else None
        return cls(name, difference, above, below, None, change)


def _around(problem: Problem, name: str) -> tuple[Problem, Problem, Any]:
    """The problem with a number a little larger and a little smaller, within its range, and the difference."""
    model = root(problem.model)
    thing: Any = model
    for thing in (model, *problem.effects):
        known = {p.name: p.anywhere() for p in declared(thing)}
        if name in known:
            break
    p, value = known[name], np.asarray(getattr(thing, name), float)
    size = (NUDGE if thing is model else DOSE_NUDGE) * np.maximum(np.abs(value), 0.01 * min(1.0, p.high))
    high, low = np.minimum(value + size, p.high), np.maximum(value - size, p.low)
    pair = []
    for v in (high, low):
        other = replace(thing, **{name: v if v.ndim else float(v)})
        if thing is model:
            pair.append(_with_model(problem, other))
        else:
            pair.append(replace(problem, effects=tuple(other if e is thing else e for e in problem.effects)))
    return pair[0], pair[1], high - low


def _with_model(problem: Problem, model: Any) -> Problem:
    return replace(problem, model=model)


class _Run:
    """One problem's steps, forwards and backwards."""

    def __init__(self, problem: Problem, steps: list[Step]):
        self.problem, self.model, self.steps = problem, problem.model, steps
        self.space = Space(problem)
        parameters = self.model.rate_parameters()
        fields = parameter_fields(parameters, self.space.window, np.float64)
        self.numbers = fields if fields.shape[1] == 1 else np.ascontiguousarray(fields[:, self.space.inside])
        self.react, self.unreact = (
            forward_of(type(self.model), len(parameters)),
            backward_of(type(self.model), len(parameters)),
        )
        self.every = max(1, math.isqrt(len(steps)))

    def cells(self, u: np.ndarray) -> np.ndarray:
        return self.space.full(u[list(self.model.tumour_species)].sum(axis=0))

    def forward(self) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """The states looked at, and the state before every ``every``-th step."""
        u, shots, kept = self.space.load(self.problem.initial), [], []
        for k, step in enumerate(self.steps):
            if k % self.every == 0:
                kept.append(u.copy())
            if isinstance(step, Seen):
                shots.append(u.copy())
            u = self._after(u, step)
        return shots, kept

    def backward(self, kept: list[np.ndarray], slopes: list[np.ndarray], sources: list[_Source]):
        """(slope in the first state, what the slopes are worth in the rate's numbers, and in each source beyond those)."""
        slope = np.zeros_like(kept[0])
        by_number = np.zeros((len(self.numbers), self.space.inside.size))
        worth, due = np.zeros(len(sources)), list(slopes)
        moving = [k for k, s in enumerate(sources) if s.coefficients is not None]
        changes = [sources[k].coefficients for k in moving]
        for block in reversed(range(len(kept))):
            first = block * self.every
            states = self._states(kept[block], first)
            for k in reversed(range(first, first + len(states))):
                step, u = self.steps[k], states[k - first]
                if isinstance(step, Seen):
                    slope[list(self.model.tumour_species)] += self.space.load(due.pop())
                elif isinstance(step, Diffusion):
                    worth[moving] += self.space.backward(u, slope, step, changes)  # type: ignore[arg-type]
                elif isinstance(step, Dose):
                    worth += self._undose(u, slope, k, sources)
                else:
                    worth += self._unreact(u, slope, k, by_number, sources)
        return slope, by_number, worth

    def worth(self, source: _Source, by_number: np.ndarray) -> Any:
        """What the slopes in the rate's numbers are worth in one number of the model."""
        if source.tapes is not None:
            return 0.0
        shape, total = np.shape(source.difference), np.zeros(self.problem.medium.grid.shape)
        pairs = zip(source.above.model.rate_parameters(), source.below.model.rate_parameters(), by_number, strict=True)
        for above, below, slope in pairs:
            flat = np.zeros(self.space.window.size)
            flat[self.space.inside] = slope
            total += self.space.full(flat) * (np.asarray(above) - np.asarray(below)) / source.difference
        return total if shape else float(total.sum())

    def _states(self, start: np.ndarray, first: int) -> list[np.ndarray]:
        """The state before each step of a block."""
        states = [start]
        for step in self.steps[first : min(first + self.every, len(self.steps)) - 1]:
            states.append(self._after(states[-1].copy(), step))
        return states

    def _after(self, u: np.ndarray, step: Step) -> np.ndarray:
        if isinstance(step, Diffusion):
            return self.space.forward(u, step)
        if isinstance(step, Dose):
            u[list(self.model.tumour_species)] *= self.space.load(step.survival)
        elif isinstance(step, Phase):
            part = np.ascontiguousarray(u[:, self.space.inside])
            if step.dt:
                self.react(part, self.numbers, self._kill(step), step.dt, self._parts(step))
            part[list(self.model.tumour_species)] *= step.survival
            u[:, self.space.inside] = part
        return u

    def _unreact(
        self, u: np.ndarray, slope: np.ndarray, k: int, by_number: np.ndarray, sources: list[_Source]
    ) -> np.ndarray:
        step, inside, tumour = self.steps[k], self.space.inside, list(self.model.tumour_species)
        assert isinstance(step, Phase)
        part, before = np.ascontiguousarray(slope[:, inside]), np.ascontiguousarray(u[:, inside])
        after, kill, by_kill = before.copy(), self._kill(step), np.zeros(inside.size)
        if step.dt:
            self.react(after, self.numbers, kill, step.dt, self._parts(step))
        by_survival = float((part[tumour] * after[tumour]).sum())
        part[tumour] *= step.survival
        if step.dt:
            self.unreact(before, self.numbers, kill, step.dt, self._parts(step), part, by_number, by_kill)
        slope[:, inside] = part
        worth = np.zeros(len(sources))
        for n, source in enumerate(sources):
            if source.tapes is not None:
                above, below = source.tapes[0][k], source.tapes[1][k]
                assert isinstance(above, Phase) and isinstance(below, Phase)
                change = by_survival * step.survival * math.log(above.survival / below.survival)
                change += float(by_kill @ (self._kill(above) - self._kill(below)))
                worth[n] = change / float(source.difference)
        return worth

    def _undose(self, u: np.ndarray, slope: np.ndarray, k: int, sources: list[_Source]) -> np.ndarray:
        step, tumour = self.steps[k], list(self.model.tumour_species)
        assert isinstance(step, Dose)
        by_survival = (slope[tumour] * u[tumour]).sum(axis=0)
        slope[tumour] *= self.space.load(step.survival)
        worth = np.zeros(len(sources))
        for n, source in enumerate(sources):
            if source.tapes is not None:
                above, below = source.tapes[0][k], source.tapes[1][k]
                assert isinstance(above, Dose) and isinstance(below, Dose)
                change = self.space.load(step.survival * np.log(above.survival.astype(float) / below.survival))
                worth[n] = float(by_survival @ change) / float(source.difference)
        return worth

    def _kill(self, step: Phase) -> np.ndarray:
        kill = np.full(self.space.inside.size, step.kill)
        for rate, delivery in step.maps:
            kill += rate * self.space.load(delivery)[self.space.inside]
        return kill

    def _parts(self, step: Phase) -> int:
        return max(1, math.ceil(step.dt * self.model.accuracy_rate / REACTION))
