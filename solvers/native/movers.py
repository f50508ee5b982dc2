"""How the diffusion of one step is done: which stencil, which polynomial, how far values can travel."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from solvers.native import coefficients, offsets, selling, stencil
from solvers.native.coefficients import Faces
from solvers.native.kernels import kernels_of
from solvers.native.polynomials import Polynomial, choose, heun
from solvers.native.schemes import Scheme
from solvers.native.team import Spans, Team
from solvers.native.window import Window
from solvers.problem import Problem
from twin.errors import DataRefused

SPREAD = 2.5
"""Beyond this many standard deviations of its displacement a step carries less than a hundredth of the cells."""


class Mover(ABC):
    """The diffusion of every species over one step: reads u (species, size), leaves the result in w, v is scratch (size,).

    ``real`` is the precision of the state, ``stored`` that of the coefficients, ``rim`` how far an offset reaches in voxels.
    """

    rim = 1

    def __init__(self, problem: Problem, real: type, stored: type):
        self.model, self.medium = problem.model, problem.medium
        self.real, self.stored = real, stored
        self.table = np.asarray(self.model.diffusivity(self.medium.tissues), float)

    def outflow(self, species: int) -> float:
        """Bound of the largest eigenvalue of -div(D grad .) anywhere, 1/day: 4 D sum 1/h2 over the axes with neighbours."""
        grid = self.medium.grid
        return (
            4.0
            * float(self.table[species].max())
            * sum(1.0 / h**2 for h, n in zip(grid.spacing_mm, grid.shape, strict=True) if n > 1)
        )

    def reach(self, steps: list[tuple[int, Polynomial] | None], dt: float) -> tuple[int, int]:
        """Voxels within SPREAD standard deviations of a step's displacement, and voxels that its stencil can see."""
        fastest, finest = float(self.table.max()), min(self.medium.grid.spacing_mm)
        stages = max((parts * p.degree for parts, p in (s for s in steps if s is not None)), default=0)
        far = self.rim * stages
        return min(far, 1 + math.ceil(SPREAD * math.sqrt(2 * fastest * dt) / finest)), far

    @abstractmethod
    def prepare(self, window: Window, domain: np.ndarray) -> Any:
        """Coefficients of a window, by species (None: the species does not move); ``domain`` (z, y, x) of its box."""

    @abstractmethod
    def damped(self, coefficients: Any, factor: np.ndarray, window: Window) -> Any:
        """The coefficients times the mean of the flat ``factor`` over both sides of every face."""

    @abstractmethod
    def steps_of(self, dt: float, growth: float, tolerance: float) -> list[tuple[int, Polynomial] | None]:
        """(parts, polynomial) of every species for a step of ``dt`` in which the reaction grows by exp(growth)."""

    @abstractmethod
    def move(self, prepared: Any, steps, u, w, v, dt: float, window: Window, shares: list[Spans], team: Team) -> None:
        """The step itself."""

    def safe(self, dt: float) -> list[tuple[int, Polynomial] | None]:
        """As :meth:`steps_of`, monotone on every medium."""
        return [heun(dt * self.outflow(s)) if self.table[s].any() else None for s in range(len(self.table))]


class LinearMover(Mover):
    """D depends on the place only: a polynomial in the stencil, factor by factor."""

    def steps_of(self, dt: float, growth: float, tolerance: float) -> list[tuple[int, Polynomial] | None]:
        return [
            choose(dt * self.outflow(s), growth, tolerance) if self.table[s].any() else None for s in range(len(self.table))
        ]

    def move(self, prepared, steps, u, w, v, dt, window, shares, team) -> None:
        for s, step in enumerate(steps):
            if step is None:
                team.each(lambda b, e, s=s: stencil.copy(w[s], u[s], b, e), shares)
            else:
                self._polynomial(prepared[s], step, u[s], w[s], v, dt / step[0], window, shares, team)

    def _polynomial(self, prepared, step, u, w, v, h, window, shares, team) -> None:
        def apply(out, base, x, scale, step):
            team.each(lambda b, e: self.sweep(prepared, out, base, x, scale, step, window, b, e), shares)

        source, spare = u, v
        for _ in range(step[0]):
            for a, b in step[1].factors:
                if b == 0:
                    target = w if source is u else spare
                    apply(target, source, source, 1.0, a * h)
                    spare = v if target is w else w
                    source = target
                else:
                    target = w if source is u else source
                    apply(spare, source, source, a, b * h)
                    apply(target, source, spare, 1.0, h)
                    source = target
        if source is v:
            team.each(lambda b, e: stencil.copy(w, v, b, e), shares)

    @abstractmethod
    def sweep(self, prepared, out, base, x, scale: float, step: float, window: Window, begin, end) -> None:
        """out = scale base + step div(D grad x)."""


class FaceMover(LinearMover):
    """Isotropic D: six neighbours, harmonic means over the faces."""

    def prepare(self, window: Window, domain: np.ndarray) -> list[Faces | None]:
        known: dict[bytes, Faces] = {}
        found: list[Faces | None] = []
        for row in self.table:
            if not row.any():
                found.append(None)
                continue
            shape = (row / row.max()).tobytes()
            if shape not in known:
                d = coefficients.diffusivity(window, self.medium, row / row.max(), domain, self.real)
                known[shape] = coefficients.faces(window, d, 1.0, self.stored)
            found.append(known[shape].times(float(row.max())))
        return found

    def damped(self, prepared, factor, window):
        offsets = (window.plane, window.pitch, 1)
        return [None if f is None else f.damped(factor, offsets) for f in prepared]

    def sweep(self, prepared, out, base, x, scale, step, window, begin, end) -> None:
        real = self.real
        sa, sb, sc = (real(step * unit) for unit in prepared.unit)
        stencil.sweep(
            out, base, x, prepared.a, prepared.b, prepared.c, real(scale), sa, sb, sc, window.plane, window.pitch, begin, end
        )


Pairs = tuple[np.ndarray, np.ndarray]
"""Coefficients (pairs, size) and flat offsets (pairs,) of :mod:`solvers.native.offsets`."""


class TensorMover(LinearMover):
    """D times a tensor: pairs of voxels along the offsets that the tensor decomposes into."""

    rim = selling.FARTHEST

    def outflow(self, species: int) -> float:
        grid, tensor = self.medium.grid, self.medium.tensor
        assert tensor is not None
        trace = sum(tensor[c] / h**2 for c, h in zip((0, 3, 5), grid.spacing_mm, strict=True))
        return 4.0 * float(self.table[species].max()) * float(np.max(np.where(self.medium.domain, trace, 0)))

    def prepare(self, window: Window, domain: np.ndarray) -> list[Pairs | None]:
        where, codes, weights = self._decomposed(window, domain)
        unique = np.unique(codes[weights > 0])
        column = np.zeros((2 * selling.FARTHEST + 1) ** 3, np.int64)
        column[unique] = np.arange(unique.size)
        flat = _flat_offsets(unique, window)
        found: list[Pairs | None] = []
        for row in self.table:
            if not row.any():
                found.append(None)
                continue
            d = coefficients.diffusivity(window, self.medium, row, domain, self.real)
            pairs = window.zeros(self.real, unique.size)
            selling.assemble(d, where, codes, weights, column, flat, pairs)
            found.append((pairs, flat))
        return found

    def _decomposed(self, window: Window, domain: np.ndarray):
        tensor, order, h = self.medium.tensor, window.order, window.spacing_mm()
        assert tensor is not None
        flat = window.zeros(np.float64, 6)
        n = 0
        for i in range(3):
            for j in range(i, 3):
                window.view(flat[n])[...] = tensor[_component(order[i], order[j])][window.box] / (h[i] * h[j])
                n += 1
        flags = window.zeros(np.bool_)
        window.view(flags)[...] = domain
        where = np.flatnonzero(flags)
        codes, weights = np.zeros((where.size, 6), np.int64), np.zeros((where.size, 6))
        if selling.decompose_all(flat, where, codes, weights):
            raise DataRefused(
                "The diffusion tensor is not positive definite in some voxels of the tissue.",
                where="diffusion tensor",
                why="cells would flow up their own gradient there",
                remedy="make it with solvers.tensor.cell_tensor, which mends noisy voxels",
            )
        return where, codes, weights

    def damped(self, prepared, factor, window):
        return [None if p is None else _damped_pairs(p, factor) for p in prepared]

    def sweep(self, prepared, out, base, x, scale, step, window, begin, end) -> None:
        offsets.sweep(out, base, x, *prepared, self.real(scale), self.real(step), begin, end)


class CrowdedMover(Mover):
    """Fluxes that depend on the state (shared room, mobility): Heun's method in the form that keeps every bound.

    Coefficients are those of ``linear``; a substep times the largest eigenvalue stays below ``substep`` and explicit Euler's
    monotone step.
    """

    def __init__(self, linear: LinearMover, substep: float):
        self.linear, self.rim = linear, linear.rim
        self.model, self.medium, self.real, self.table = linear.model, linear.medium, linear.real, linear.table
        self.substep = substep
        self.parameters = self.model.rate_parameters()
        self.mobility = kernels_of(type(self.model), len(self.parameters)).mobility

    def outflow(self, species: int) -> float:
        return self.linear.outflow(species)

    def prepare(self, window: Window, domain: np.ndarray) -> tuple[list[Pairs | None], np.ndarray]:
        pairs = [_as_pairs(p, window) for p in self.linear.prepare(window, domain)]
        return pairs, parameter_fields(self.parameters, window, self.real)

    def damped(self, prepared, factor, window):
        return [None if p is None else _damped_pairs(p, factor) for p in prepared[0]], prepared[1]

    def steps_of(self, dt: float, growth: float, tolerance: float) -> list[tuple[int, Polynomial] | None]:
        slowest = max(self.outflow(s) for s in range(len(self.table)))
        return [heun(dt * slowest, self.substep) if row.any() else None for row in self.table]

    def move(self, prepared, steps, u, w, v, dt, window, shares, team) -> None:
        parts = max(step[0] for step in steps if step is not None)
        middle = np.zeros_like(u)
        for part in range(parts):
            source = u if part == 0 else w
            self._euler(prepared, middle, source, source, (0.0, 1.0, dt / parts), v, window, shares, team)
            self._euler(prepared, w, source, middle, (0.5, 0.5, 0.5 * dt / parts), v, window, shares, team)

    def _euler(self, prepared, out, base, x, numbers, full, window, shares, team) -> None:
        """out = keep base + scale x + step F(x) for every species."""
        keep, scale, step = (self.real(n) for n in numbers)
        crowding = np.array(self.model.crowding, np.int64)
        none = np.zeros(0, np.int64)
        move = self._mobility(x, prepared[1], shares, team)
        for s, pairs in enumerate(prepared[0]):
            members = crowding if s in self.model.crowding else none
            team.each(lambda b, e, m=members: offsets.add_up(x, m, full, b, e), shares)
            if pairs is None:
                team.each(lambda b, e, s=s: stencil.combine(out[s], base[s], x[s], keep, scale, b, e), shares)
                continue
            team.each(
                lambda b, e, s=s, p=pairs: offsets.sweep_crowded(
                    out[s], base[s], x[s], full, move[s], p[0], p[1], keep, scale, step, b, e
                ),
                shares,
            )

    def _mobility(self, x, numbers: np.ndarray, shares, team) -> np.ndarray:
        if self.mobility is None:
            return np.broadcast_to(np.ones((1, x.shape[1]), self.real), x.shape)
        out = np.ones_like(x)
        team.each(lambda b, e: self.mobility(x, numbers, out, b, e), shares)
        return out


def mover_of(problem: Problem, scheme: Scheme) -> Mover:
    """The mover that a problem needs."""
    model = problem.model
    nonlinear = len(model.crowding) > 1 or model.mobility is not None
    exact = scheme.real if nonlinear or model.damping is not None else scheme.stored
    kind = FaceMover if problem.medium.tensor is None else TensorMover
    linear = kind(problem, scheme.real, exact)
    return CrowdedMover(linear, scheme.substep) if nonlinear else linear


def parameter_fields(parameters: tuple, window: Window, real: type) -> np.ndarray:
    """The model's numbers on the window: (n, size) where one of them is a field, else (n, 1)."""
    if not any(np.ndim(p) for p in parameters):
        return np.array(parameters, real).reshape(-1, 1)
    out = window.zeros(real, len(parameters))
    for flat, value in zip(out, parameters, strict=True):
        window.view(flat)[...] = value if np.ndim(value) == 0 else np.asarray(value)[window.box]
    return out


def _component(i: int, j: int) -> int:
    """Where entry (i, j) of a tensor stands among zz, zy, zx, yy, yx, xx."""
    return {(0, 0): 0, (0, 1): 1, (0, 2): 2, (1, 1): 3, (1, 2): 4, (2, 2): 5}[(min(i, j), max(i, j))]


def _flat_offsets(codes: np.ndarray, window: Window) -> np.ndarray:
    wide, far = 2 * selling.FARTHEST + 1, selling.FARTHEST
    a, b, c = codes // wide**2 - far, codes // wide % wide - far, codes % wide - far
    return (a * window.plane + b * window.pitch + c).astype(np.int64)


def _as_pairs(prepared: Faces | Pairs | None, window: Window) -> Pairs | None:
    if prepared is None or isinstance(prepared, tuple):
        return prepared
    pairs = np.stack([f * f.dtype.type(u) for f, u in zip((prepared.a, prepared.b, prepared.c), prepared.unit, strict=True)])
    return pairs, np.array([window.plane, window.pitch, 1])


def _damped_pairs(pairs: Pairs, factor: np.ndarray) -> Pairs:
    out = np.zeros_like(pairs[0])
    for k, offset in enumerate(pairs[1]):
        coefficients.dampen(pairs[0][k], factor, offset, out[k])
    return out, pairs[1]
