"""Reactions and jumps: a model's flow (or its integrated rate) compiled into one pass over the active spans."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from solvers.compiled import compiled
from solvers.engine import Event, Exposure
from solvers.model import GrowthModel
from solvers.native.kernels import UNDERFLOW, kernels_of
from solvers.native.region import Contours, Region, write_contours
from solvers.native.schemes import REACTION, Scheme
from solvers.native.team import Team

if TYPE_CHECKING:
    from solvers.native.stepper import State


@dataclass(frozen=True)
class Phase:
    """A reaction over ``dt`` under a kill rate (1/day), then a jump to ``survival`` times the cells.

    ``maps``: further kill rates, each with its (z, y, x) delivery map.
    """

    dt: float
    kill: float = 0.0
    survival: float = 1.0
    maps: tuple[tuple[float, np.ndarray], ...] = ()


@compiled
def _trace(u, contours, pitch, lo, hi, begin, end):
    for row in range(begin.size):
        write_contours(u, begin[row], end[row], pitch, contours, lo, hi)


def trace(u: np.ndarray, contours: Contours, begin: np.ndarray, end: np.ndarray) -> None:
    """Find the contours of u (species, size) on the spans."""
    _trace(u, contours.levels, contours.pitch, contours.lo, contours.hi, begin, end)


def _composed(model: GrowthModel, phases: list[Phase]) -> tuple[float, float]:
    """(a, b) of the phases in sequence, u -> a u / (1 + b u), from the model's flow at its two ends."""
    a, b = 1.0, 0.0
    p, out, tiny = model.rate_parameters(), [0.0], 1e-200
    for phase in phases:
        model.flow([tiny], p, phase.kill, phase.dt, out)
        slope = out[0] / tiny
        model.flow([1.0], p, phase.kill, phase.dt, out)
        a, b = a * slope * phase.survival, b + a * (slope / out[0] - 1.0)
    return a, b


@compiled(error_model="numpy", fastmath={"nnan", "nsz", "contract"})
def _rational(u, a, b, tolerance, contours, pitch, lo, hi, begin, end):
    """Rounding residues back to the bounds (False if a value lay farther outside), u -> a u / (1 + b u), the contours."""
    real = u.dtype.type
    zero, one, small = real(0), real(1), real(UNDERFLOW)
    fine = True
    for row in range(begin.size):
        values = u[0, begin[row] : end[row]]
        lowest, highest = zero, zero
        for i in range(values.size):
            x = values[i]
            lowest, highest = min(x, lowest), max(x, highest)
            x = min(zero if x < small else x, one)
            values[i] = a * x / (one + b * x)
        fine &= (lowest >= -tolerance) & (highest <= one + tolerance)
        write_contours(u, begin[row], end[row], pitch, contours, lo, hi)
    return fine


class Reactor:
    """Does phases in one pass over the memory."""

    def __init__(self, model: GrowthModel, scheme: Scheme, team: Team):
        self.model, self.scheme, self.team = model, scheme, team
        parameters = model.rate_parameters()
        self.fields = any(np.ndim(p) for p in parameters)
        self.kernels = kernels_of(type(model), len(parameters))
        self.levels: np.ndarray = np.array([0.0, scheme.threshold, 100 * scheme.threshold], scheme.real)

    def phases(self, start: float, stop: float, exposure: Exposure, events: Sequence[Event]) -> list[Phase]:
        """The reaction from ``start`` to ``stop`` with the uniform doses after the one and up to the other."""
        found: list[Phase] = []
        now = start
        for event in events:
            if event.jump is not None and start < event.day <= stop:
                found += self._phases(now, event.day, exposure)
                last = found.pop()
                found.append(replace(last, survival=last.survival * float(event.jump.survival)))
                now = event.day
        return found + self._phases(now, stop, exposure)

    def _phases(self, start: float, stop: float, exposure: Exposure) -> list[Phase]:
        """A kill of constant rate as early or late as the true one, and a stretch without; as one where it takes all."""
        dt = stop - start
        kills = exposure(start, stop) if dt else []
        total = sum(kill.total for kill in kills)
        if not total:
            return [Phase(dt)] if dt else []
        mean = sum(kill.total * kill.day for kill in kills) / total
        early, late = mean - start, stop - mean
        length = 2 * min(early, late)
        length = dt if length > 0.999 * dt else length
        killing = Phase(
            length,
            sum(k.total for k in kills if k.delivery is None) / length,
            maps=tuple((k.total / length, k.delivery) for k in kills if k.delivery is not None),
        )
        if length == dt:
            return [killing]
        return [killing, Phase(dt - length)] if early < late else [Phase(dt - length), killing]

    def react(self, u: np.ndarray, where: Region, state: State) -> Contours | None:
        """Every phase that ``state`` owes, on u inside ``where``: the contours after it, or None if u was out of range."""
        real = self.scheme.real
        tolerance = real(self.scheme.tolerance)
        shares = self.team.shares(where.spans())
        contours = Contours.empty(state.window, self.levels)
        rows: np.ndarray = np.array([[p.dt, p.kill, p.survival, self._substeps(p)] for p in state.phases], real).reshape(
            -1, 4
        )
        traced = (contours.levels, contours.pitch, contours.lo, contours.hi)
        if not self.fields and not any(p.maps for p in state.phases):
            if self.model.rational:
                map_ = _composed(self.model, state.phases)
                done = self.team.each(
                    lambda b, e: _rational(u, real(map_[0]), real(map_[1]), tolerance, *traced, b, e), shares
                )
                return contours if all(done) else None
            kernel = self.kernels.uniform
            done = self.team.each(lambda b, e: kernel(u, state.numbers, rows, tolerance, *traced, b, e), shares)
            return contours if all(done) else None
        rates, maps = self._maps(state)
        vary = self.kernels.varying if self.fields else self.kernels.mapped
        done = self.team.each(lambda b, e: vary(u, state.numbers, rows, rates, maps, tolerance, *traced, b, e), shares)
        return contours if all(done) else None

    def _substeps(self, phase: Phase) -> int:
        return max(1, math.ceil(phase.dt * self.model.accuracy_rate / REACTION))

    def _maps(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Kill rates (phases, maps) and the delivery maps (maps, size) that they belong to."""
        known = {id(m): m for p in state.phases for _, m in p.maps}
        real, window = self.scheme.real, state.window
        for key, delivery in known.items():
            if key not in state.maps:
                state.maps[key] = window.load(delivery, real)
        rates: np.ndarray = np.zeros((len(state.phases), len(known)), real)
        for row, phase in zip(rates, state.phases, strict=True):
            for k, m in phase.maps:
                row[list(known).index(id(m))] += k
        maps = [state.maps[key] for key in known]
        return rates, np.stack(maps) if maps else np.zeros((0, window.size), real)
