"""The stepper of the native engine: Strang splitting on an active region that follows the tumour."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from solvers.effect import Jump
from solvers.engine import Accuracy, Exposure, Stepper
from solvers.native.movers import Mover, mover_of, parameter_fields
from solvers.native.reaction import kernels_of
from solvers.native.region import Region
from solvers.native.schemes import REACTION, SCHEMES
from solvers.native.team import Team
from solvers.native.window import Window, memory_order, widened
from solvers.problem import Problem, Snapshot
from twin.errors import SolverError
from twin.grid import Box, triple

ROOM = 0.3
"""Share of its extent by which a window is enlarged on the sides that it needs, so that it happens seldom."""

STRESS_MM = 16.0
"""Width of healthy tissue around the region that a model's damping is shown."""


Levels = tuple[tuple[float, int], ...]
"""(threshold, reach in voxels) of the active region."""


@dataclass
class State:
    """``u`` (species, size) inside ``window`` with what belongs to it. ``w`` and ``v`` are zero outside ``used``."""

    window: Window
    u: np.ndarray = field(repr=False)
    w: np.ndarray = field(repr=False)
    v: np.ndarray = field(repr=False)
    domain: Region = field(repr=False)
    coefficients: Any = field(repr=False)
    numbers: np.ndarray = field(repr=False)
    removed: np.ndarray | None = field(default=None, repr=False)
    used: Region | None = field(default=None, repr=False)
    maps: dict[int, np.ndarray] = field(default_factory=dict, repr=False)


class NativeStepper(Stepper):
    """See :class:`solvers.engines.native.NativeEngine`."""

    def __init__(self, problem: Problem, accuracy: Accuracy, threads: int):
        self.problem, self.scheme, self.team = problem, SCHEMES[accuracy], Team(threads)
        self.model, self.medium, self.grid = problem.model, problem.medium, problem.medium.grid
        self.order = memory_order(self.grid)
        self.parameters = self.model.rate_parameters()
        self.fields = any(np.ndim(p) for p in self.parameters)
        self.kernels = kernels_of(type(self.model), len(self.parameters))
        self.mover: Mover = mover_of(problem, self.scheme)
        self.outflow = max(self.mover.outflow(s) for s in range(len(self.model.species)))

    def start(self, initial: np.ndarray) -> State:
        box = self._wider(occupied(initial), triple([True, True, True]))
        window = Window(self.grid, box, self.order, self.mover.rim)
        return self._state(window, window.load(initial, self.scheme.real), None)

    def advance(self, state: State, start: float, stop: float, exposure: Exposure) -> State:
        steps = self._steps(stop - start)
        times = np.linspace(start, stop, 2 * steps + 1)
        shares = self.team.shares(state.domain.held(state.u).spans())
        self._react(state, state.u, times[0], times[1], exposure, shares)
        for k in range(steps):
            last = times[min(2 * k + 3, 2 * steps)]
            state = self._step(state, times[2 * k + 2] - times[2 * k], times[2 * k + 1], last, exposure)
        return state

    def jump(self, state: State, jump: Jump) -> State:
        survival = jump.survival if np.ndim(jump.survival) == 0 else np.asarray(jump.survival)[state.window.box]
        view = state.window.view(state.u)
        jump.apply(view, self.model, survival)
        if jump.removed is None:
            return state
        removed = jump.removed if state.removed is None else state.removed | jump.removed
        view[:, removed[state.window.box]] = 0
        return self._state(state.window, state.u, removed)

    def snapshot(self, state: State, day: float) -> Snapshot:
        sides = state.domain.held(state.u).sides() or triple([slice(0, 1)] * 3)
        box = _in_grid(sides, state.window)
        inner = triple(slice(s.start - b.start, s.stop - b.start) for s, b in zip(box, state.window.box, strict=True))
        values = np.array(state.window.view(state.u)[(slice(None), *inner)], order="C")
        return Snapshot(day, values, box, self.grid, self.model.tumour_species)

    def _steps(self, span: float) -> int:
        longest = min(
            self.scheme.growth / max(self.model.accuracy_rate, 1e-12), self.scheme.reach / max(self.outflow, 1e-12)
        )
        return max(1, math.ceil(span / longest - 1e-9))

    def _step(self, state: State, dt: float, middle: float, last: float, exposure: Exposure) -> State:
        """Diffusion over ``dt``, then the reaction from ``middle`` to ``last``."""
        growth = self.model.accuracy_rate * dt
        steps = self.mover.steps_of(dt, growth, self.scheme.polynomial * growth**2)
        state, region = self._roomy(state, self._levels(steps, dt))
        shares = self.team.shares(region.spans())
        self._diffuse(state, region, steps, dt, shares)
        if not self._react(state, state.w, middle, last, exposure, shares):
            steps = self.mover.safe(dt)
            state, region = self._roomy(state, self._levels(steps, dt))
            shares = self.team.shares(region.spans())
            self._diffuse(state, region, steps, dt, shares)
            if not self._react(state, state.w, middle, last, exposure, shares):
                raise SolverError(
                    f"The solution left its range before day {last:g}.",
                    why="values outside [0, 1] cannot be a cell fraction",
                    remedy="check the parameters; try accuracy='reference' or the 'fipy' engine",
                )
        state.u, state.w = state.w, state.u
        return state

    def _levels(self, steps, dt: float) -> Levels:
        """The faintest cells cannot spread a visible amount far; denser ones are followed as far as the stencil sees."""
        near, far = self.mover.reach(steps, dt)
        return (self.scheme.threshold, near), (100 * self.scheme.threshold, far)

    def _roomy(self, state: State, reach: Levels) -> tuple[State, Region]:
        """The active region of a step, in a window that is large enough for it."""
        while True:
            region = state.domain.reached(state.u, reach, state.used or state.domain)
            box = self._wider(state.window.box, self._touched(state, region))
            if box == state.window.box:
                return state, region
            state = self._moved(state, box)

    def _touched(self, state: State, region: Region) -> tuple[bool, bool, bool]:
        """Along which of the grid's axes the region lies on a face of the window."""
        sides = region.sides()
        if sides is None:
            return False, False, False
        hit = [s.start == 0 or s.stop == n for s, n in zip(sides, state.window.shape, strict=True)]
        return triple(hit[state.window.order.index(axis)] for axis in range(3))

    def _wider(self, box: Box, along: tuple[bool, bool, bool]) -> Box:
        by = triple(max(12, math.ceil(ROOM * (s.stop - s.start))) if hit else 0 for s, hit in zip(box, along, strict=True))
        return widened(box, by, self.order, self.grid)

    def _moved(self, old: State, box: Box) -> State:
        """The same state in a window that holds the old one."""
        window = replace(old.window, box=box)
        u = window.zeros(self.scheme.real, len(self.model.species))
        inside = triple(slice(o.start - b.start, o.stop - b.start) for o, b in zip(old.window.box, box, strict=True))
        window.view(u)[(slice(None), *inside)] = old.window.view(old.u)
        return self._state(window, u, old.removed)

    def _state(self, window: Window, u: np.ndarray, removed: np.ndarray | None) -> State:
        domain = self.medium.domain[window.box]
        if removed is not None:
            domain = domain & ~removed[window.box]
        return State(
            window,
            u,
            w=np.zeros_like(u),
            v=window.zeros(self.scheme.real),
            domain=Region.of_domain(window, domain),
            coefficients=self.mover.prepare(window, domain),
            numbers=parameter_fields(self.parameters, window, self.scheme.real),
            removed=removed,
        )

    def _diffuse(self, state: State, region: Region, steps, dt: float, shares) -> None:
        """The step from u to w; what an earlier, larger region left in w and v is wiped first."""
        if state.used is not None and not state.used.within(region):
            state.w[...] = 0
            state.v[...] = 0
        state.used = region
        coefficients = state.coefficients
        if self.model.damping is not None:
            half = self.mover.damped(coefficients, self._damping(state, state.u, region), state.window)
            self.mover.move(half, steps, state.u, state.w, state.v, 0.5 * dt, state.window, shares, self.team)
            coefficients = self.mover.damped(coefficients, self._damping(state, state.w, region), state.window)
        self.mover.move(coefficients, steps, state.u, state.w, state.v, dt, state.window, shares, self.team)

    def _damping(self, state: State, u: np.ndarray, region: Region) -> np.ndarray:
        """The model's factor on the window, one where it was not asked."""
        w = state.window
        box = _in_grid(region.sides() or triple([slice(0, 1)] * 3), w)
        margin = triple(math.ceil(STRESS_MM / h) for h in self.grid.spacing_mm)
        box = triple(
            slice(max(0, s.start - m), min(n, s.stop + m)) for s, m, n in zip(box, margin, self.grid.shape, strict=True)
        )
        part = self.medium.crop(box)
        if state.removed is not None:
            part = replace(part, domain=part.domain & ~state.removed[box])
        cells = np.zeros(part.grid.shape)
        here, there = _overlap(box, w.box)
        cells[here] = w.view(u)[(list(self.model.tumour_species), *there)].sum(axis=0)
        factor: np.ndarray = np.ones(w.size, self.scheme.real)
        w.view(factor)[there] = self.model.damping(np.clip(cells, 0, 1), part)[here]
        return factor

    def _react(self, state: State, u: np.ndarray, start: float, stop: float, exposure: Exposure, shares) -> bool:
        """Reaction and kill from ``start`` to ``stop``; False if ``u`` was out of its range before."""
        real, dt = self.scheme.real, stop - start
        doses = [(k / dt, m) for k, m in exposure(start, stop) if k]
        parts = max(1, math.ceil(dt * self.model.accuracy_rate / REACTION))
        tolerance = real(self.scheme.tolerance)
        if self.fields or any(m is not None for _, m in doses):
            numbers = state.numbers
            if not self.fields:
                numbers = np.broadcast_to(numbers, (len(numbers), state.window.size))
            kernel, kill = self.kernels.varying, self._kill_field(state, doses)
        else:
            kernel, numbers, kill = self.kernels.uniform, state.numbers[:, 0], real(sum(k for k, _ in doses))
        return all(self.team.each(lambda b, e: kernel(u, numbers, kill, real(dt), parts, tolerance, b, e), shares))

    def _kill_field(self, state: State, doses) -> np.ndarray:
        out = state.window.zeros(self.scheme.real)
        for k, delivery in doses:
            if delivery is None:
                out += k
            else:
                if id(delivery) not in state.maps:
                    state.maps[id(delivery)] = state.window.load(delivery, self.scheme.real)
                out += self.scheme.real(k) * state.maps[id(delivery)]
        return out


def occupied(initial: np.ndarray) -> Box:
    """The bounding box of what is not zero, or the middle voxel; ``initial`` (species, z, y, x)."""
    present = initial.any(axis=0)
    sides = []
    for axis, n in enumerate(present.shape):
        others: Any = tuple(a for a in range(3) if a != axis)
        hit = np.flatnonzero(present.any(axis=others))
        sides.append(slice(int(hit[0]), int(hit[-1]) + 1) if hit.size else slice(n // 2, n // 2 + 1))
    return triple(sides)


def _in_grid(sides: Box, window: Window) -> Box:
    """Voxels of the window along the axes of memory as a box of the grid."""
    by_axis = triple(sides[window.order.index(axis)] for axis in range(3))
    return triple(slice(s.start + b.start, s.stop + b.start) for s, b in zip(by_axis, window.box, strict=True))


def _overlap(box: Box, other: Box) -> tuple[Box, Box]:
    """The common part of two boxes, seen from each."""
    common = [slice(max(s.start, o.start), min(s.stop, o.stop)) for s, o in zip(box, other, strict=True)]
    here = triple(slice(c.start - s.start, c.stop - s.start) for c, s in zip(common, box, strict=True))
    there = triple(slice(c.start - s.start, c.stop - s.start) for c, s in zip(common, other, strict=True))
    return here, there
