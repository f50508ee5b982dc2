"""The stepper of the native engine: Strang splitting on an active region that follows the tumour."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from solvers.effect import Jump
from solvers.engine import Accuracy, Exposure, Stepper
from solvers.native import diffusion, region
from solvers.native.reaction import kernels_of, scratch
from solvers.native.window import LANE, Window, memory_order
from solvers.problem import Problem, Snapshot
from twin.grid import Box, Grid, triple


@dataclass(frozen=True)
class Scheme:
    """What an accuracy means. ``growth`` is the longest step in units of 1 / the reaction's fastest rate."""

    dtype: type
    growth: float
    threshold: float
    monotone: float = 0.9


SCHEMES: dict[Accuracy, Scheme] = {
    "fast": Scheme(np.float32, 0.10, 1e-7),
    "standard": Scheme(np.float32, 0.05, 1e-9),
    "reference": Scheme(np.float64, 0.01, 1e-14),
}
MARGIN = 12
"""Voxels by which the window is made larger than what it must hold, so that it is not enlarged at every step."""


@dataclass
class State:
    """The native engine's state: ``u`` (species, size) inside ``window``, with the coefficients that belong to it."""

    window: Window
    u: np.ndarray
    faces: list[np.ndarray | None]
    limit_lo: np.ndarray
    limit_hi: np.ndarray
    numbers: np.ndarray
    removed: np.ndarray | None = None


class NativeStepper(Stepper):
    """See :class:`solvers.engines.native.NativeEngine`."""

    def __init__(self, problem: Problem, accuracy: Accuracy, threads: int):
        self.problem, self.scheme, self.threads = problem, SCHEMES[accuracy], threads
        self.model, self.medium = problem.model, problem.medium
        self.grid: Grid = problem.medium.grid
        self.order = memory_order(self.grid)
        self.parameters = self.model.rate_parameters()
        self.kernels = kernels_of(type(self.model), len(self.parameters))
        self.fields = any(np.ndim(p) for p in self.parameters)
        self.scratch = scratch(len(self.model.species))

    def start(self, initial: np.ndarray) -> State:
        occupied = [np.flatnonzero((initial > 0).any(axis=tuple(a for a in range(4) if a != k + 1))) for k in range(3)]
        if not occupied[0].size:
            occupied = [np.array([n // 2]) for n in self.grid.shape]
        box = self._widened(triple(slice(int(o[0]), int(o[-1]) + 1) for o in occupied))
        window = Window(self.grid, box, self.order)
        return self._state(window, window.load(initial, self.scheme.dtype), None)

    def advance(self, state: State, start: float, stop: float, exposure: Exposure) -> State:
        steps = max(1, math.ceil((stop - start) * self.model.accuracy_rate / self.scheme.growth - 1e-9))
        times = np.linspace(start, stop, 2 * steps + 1)
        lo, hi = self._region(state)
        self._react(state, times[0], times[1], exposure, lo, hi)
        for k in range(steps):
            state, lo, hi = self._diffuse(state, times[2 * k + 2] - times[2 * k])
            last = times[min(2 * k + 3, 2 * steps)]
            self._react(state, times[2 * k + 1], last, exposure, lo, hi)
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
        values = np.ascontiguousarray(state.window.view(state.u))
        return Snapshot(day, values, state.window.box, self.grid, self.model.tumour_species)

    def _widened(self, box: Box) -> Box:
        return triple(
            slice(max(0, s.start - MARGIN), min(n, s.stop + MARGIN)) for s, n in zip(box, self.grid.shape, strict=True)
        )

    def _moved(self, box: Box, old: State, removed: np.ndarray | None) -> State:
        """The same state in a window that holds the old one."""
        window = Window(self.grid, box, self.order)
        u = window.zeros(self.scheme.dtype, len(self.model.species))
        inside = triple(slice(o.start - b.start, o.stop - b.start) for o, b in zip(old.window.box, box, strict=True))
        window.view(u)[(slice(None), *inside)] = old.window.view(old.u)
        return self._state(window, u, removed)

    def _state(self, window: Window, u: np.ndarray, removed: np.ndarray | None) -> State:
        box = window.box
        domain = self.medium.domain[box] if removed is None else self.medium.domain[box] & ~removed[box]
        flags = window.zeros(np.bool_)
        window.view(flags)[...] = domain
        rows = window.size // window.pitch
        limit_lo, limit_hi = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
        region.limits(flags, window.pitch, limit_lo, limit_hi)
        faces = self._faces(window, domain)
        return State(window, u, faces, limit_lo, limit_hi, self._numbers(window), removed)

    def _faces(self, window: Window, domain: np.ndarray) -> list[np.ndarray | None]:
        table = self.model.diffusivity(self.medium.tissues)
        fractions = [f[window.box] for f in self.medium.fractions.values()]
        faces: list[np.ndarray | None] = []
        for row in table:
            if not np.any(row):
                faces.append(None)
                continue
            d = window.zeros(self.scheme.dtype)
            view = window.view(d)
            for value, fraction in zip(row, fractions, strict=True):
                view += self.scheme.dtype(value) * fraction
            view *= domain
            faces.append(diffusion.faces_of(d, (window.plane, window.pitch, 1), window.spacing_mm()))
        return faces

    def _numbers(self, window: Window) -> np.ndarray:
        if not self.fields:
            return np.array(self.parameters, self.scheme.dtype)
        out = window.zeros(self.scheme.dtype, len(self.parameters))
        for flat, value in zip(out, self.parameters, strict=True):
            window.view(flat)[...] = value if np.ndim(value) == 0 else np.asarray(value)[window.box]
        return out

    def _region(self, state: State, reach: int = 0) -> tuple[np.ndarray, np.ndarray]:
        w = state.window
        rows_b = w.padded[1]
        held, above = [np.zeros((2, state.limit_lo.size), np.int64) for _ in range(2)]
        region.hull(state.u, w.pitch, 0.0, state.limit_lo, state.limit_hi, held[0], held[1])
        if reach:
            region.hull(state.u, w.pitch, self.scheme.threshold, held[0], held[1], above[0], above[1])
            other = np.zeros_like(above)
            for _ in range(reach):
                region.grow(above[0], above[1], rows_b, other[0], other[1], state.limit_lo, state.limit_hi)
                above, other = other, above
            region.join(held[0], held[1], above[0], above[1])
        return held[0], held[1]

    def _react(self, state: State, start: float, stop: float, exposure: Exposure, lo, hi) -> None:
        dt = stop - start
        w = state.window
        begin, end = region.spans(lo, hi, w.pitch)
        doses = [(k, m) for k, m in exposure(start, stop) if k]
        parts = max(1, math.ceil(dt * self.model.accuracy_rate / 0.1))
        real = self.scheme.dtype
        if not self.fields and all(m is None for _, m in doses):
            kill = real(sum(k for k, _ in doses) / dt)
            self.kernels.uniform(state.u, state.numbers, kill, real(dt), parts, self.scratch, begin, end)
            return
        kill_field = w.zeros(real)
        view = w.view(kill_field)
        for k, m in doses:
            view += real(k / dt) * (real(1) if m is None else m[w.box])
        numbers = state.numbers if self.fields else np.repeat(state.numbers[:, None], w.size, axis=1)
        self.kernels.varying(state.u, numbers, kill_field, real(dt), parts, self.scratch, begin, end)

    def _diffuse(self, state: State, dt: float) -> tuple[State, np.ndarray, np.ndarray]:
        w = state.window
        parts = self._parts(dt)
        lo, hi = self._region(state, 2 * parts)
        state, moved = self._enlarged(state, lo, hi)
        if moved:
            return self._diffuse(state, dt)
        begin, end = region.spans(lo, hi, w.pitch)
        spare = w.zeros(self.scheme.dtype)
        half, full = self.scheme.dtype(0.5 * dt / parts), self.scheme.dtype(dt / parts)
        for u, faces in zip(state.u, state.faces, strict=True):
            if faces is not None:
                for _ in range(parts):
                    diffusion.sweep(u, u, spare, half, *faces, w.plane, w.pitch, begin, end)
                    diffusion.sweep(u, spare, u, full, *faces, w.plane, w.pitch, begin, end)
        return state, lo, hi

    def _parts(self, dt: float) -> int:
        """Substeps of the diffusion: explicit Euler is monotone while D dt sum 2/h2 <= 1, anywhere on the grid."""
        fastest = float(np.max(self.model.diffusivity(self.medium.tissues)))
        outflow = 2 * fastest * sum(1.0 / h**2 for h in self.grid.spacing_mm)
        return max(1, math.ceil(dt * outflow / self.scheme.monotone))

    def _enlarged(self, state: State, lo, hi) -> tuple[State, bool]:
        """A larger window when the region lies on a face of this one that is not the grid's own."""
        w = state.window
        hits = region.touches(lo, hi, w.padded[1], LANE, LANE + w.shape[2]).reshape(3, 2)
        box = list(w.box)
        for memory_axis, axis in enumerate(w.order):
            s, n = box[axis], self.grid.shape[axis]
            start = max(0, s.start - MARGIN) if hits[memory_axis][0] else s.start
            stop = min(n, s.stop + MARGIN) if hits[memory_axis][1] else s.stop
            box[axis] = slice(start, stop)
        if tuple(box) == w.box:
            return state, False
        return self._moved(triple(box), state, state.removed), True
