"""The stepper of the native engine: Strang splitting on an active region that follows the tumour."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from solvers.effect import Jump
from solvers.engine import Accuracy, Event, Exposure, Stepper
from solvers.native import reaction
from solvers.native.damping import damping_factor
from solvers.native.movers import LinearMover, Mover, mover_of, parameter_fields
from solvers.native.reaction import Phase, Reactor
from solvers.native.region import Contours, Region
from solvers.native.schemes import SCHEMES
from solvers.native.team import Team
from solvers.native.window import Window, aligned, memory_order
from solvers.problem import Problem, Snapshot
from twin.errors import SolverError
from twin.grid import Box, triple

SHARE = 0.1931833

ROOM, LEAST = 8, 24
"""Voxels beyond the way of a front that a window is given, and voxels that it may always be given."""


Sides = tuple[tuple[bool, bool], tuple[bool, bool], tuple[bool, bool]]
"""For each axis of the grid, something about its low and its high face."""


@dataclass
class State:
    """``u`` (species, size) inside ``window``, zero outside ``region``, and what is still owed to it.

    ``phases`` are reactions and jumps that the next pass over the memory will do. ``moved`` is the length of a diffusion
    whose result lies unchecked in ``w``; then ``u`` is what it started from. ``w`` and ``v`` are zero outside ``region``.
    """

    window: Window
    u: np.ndarray = field(repr=False)
    w: np.ndarray = field(repr=False)
    v: np.ndarray = field(repr=False)
    domain: Region = field(repr=False)
    region: Region = field(repr=False)
    contours: Contours = field(repr=False)
    coefficients: Any = field(repr=False)
    numbers: np.ndarray = field(repr=False)
    removed: np.ndarray | None = field(default=None, repr=False)
    phases: list[Phase] = field(default_factory=list, repr=False)
    moved: float = 0.0
    maps: dict[int, np.ndarray] = field(default_factory=dict, repr=False)


def shares(steps: int) -> list[float]:
    """Where between 0 and ``steps`` the reaction stands still for each step of the diffusion.

    In the middle of it for a single step (Strang). Two together do better: reaction over 2 l, step, 2 - 4 l, step, 2 l has
    an error several times smaller with l = 0.193 (McLachlan 1995, SIAM J Sci Comput 16:151) than with Strang's l = 1/4.
    """
    paired = [k + (2 * SHARE if k % 2 == 0 else 1 - 2 * SHARE) for k in range(steps // 2 * 2)]
    return [*paired, steps - 0.5] if steps % 2 else paired


class NativeStepper(Stepper):
    """See :class:`solvers.engines.native.NativeEngine`."""

    def __init__(self, problem: Problem, accuracy: Accuracy, threads: int):
        self.problem, self.scheme, self.team = problem, SCHEMES[accuracy], Team(threads)
        self.model, self.medium, self.grid = problem.model, problem.medium, problem.medium.grid
        self.order = memory_order(self.grid)
        self.mover: Mover = mover_of(problem, self.scheme)
        self.reactor = Reactor(self.model, self.scheme, self.team)
        fastest = float(self.mover.table.max()) * self.model.accuracy_rate
        self.way_mm = 2.0 * math.sqrt(fastest) * (problem.days[-1] - problem.start_day)
        self.outflow = max(self.mover.outflow(s) for s in range(len(self.model.species)))

    def start(self, initial: np.ndarray) -> State:
        part = self.problem.occupied
        box = self._wider(part, ((True, True),) * 3)
        window = Window(self.grid, box, self.order, self.mover.rim)
        state = self._state(window, window.load(initial, self.scheme.real, part), None)
        return self._traced(state, part)

    def advance(self, state: State, start: float, stop: float, exposure: Exposure) -> State:
        return self._across(state, start, stop, exposure, ())

    def through(self, state: State, start: float, stop: float, exposure: Exposure, events: Sequence[Event]) -> State:
        """A linear diffusion does not mind when its cells are scaled, so that a step may span uniform doses."""
        if isinstance(self.mover, LinearMover) and self.model.damping is None:
            return self._across(state, start, stop, exposure, events)
        return super().through(state, start, stop, exposure, events)

    def _across(self, state: State, start: float, stop: float, exposure: Exposure, events: Sequence[Event]) -> State:
        """The last half step of the reaction is left owed, to be done in one pass with what follows."""
        steps = self._steps(stop - start)
        dt, before = (stop - start) / steps, start
        for share in shares(steps):
            then = start + share * dt
            state.phases += self.reactor.phases(before, then, exposure, events)
            state, before = self._diffuse(self._settled(state), dt), then
        state.phases += self.reactor.phases(before, stop, exposure, events)
        return state

    def jump(self, state: State, jump: Jump) -> State:
        if jump.is_uniform(self.model):
            before = state.phases.pop() if state.phases else Phase(0.0)
            state.phases.append(replace(before, survival=before.survival * float(jump.survival)))
            return state
        state = self._settled(state)
        survival = jump.survival if np.ndim(jump.survival) == 0 else np.asarray(jump.survival)[state.window.box]
        view = state.window.view(state.u)
        jump.apply(view, self.model, survival)
        if jump.removed is None:
            return state
        removed = jump.removed if state.removed is None else state.removed | jump.removed
        view[:, removed[state.window.box]] = 0
        return self._traced(self._state(state.window, state.u, removed), state.window.box)

    def snapshot(self, state: State, day: float) -> Snapshot:
        state = self._settled(state)
        sides = state.contours.held(state.window).sides() or triple([slice(0, 1)] * 3)
        box = state.window.in_grid(sides)
        values = np.array(state.window.view(state.u)[(slice(None), *state.window.inside(box))], order="C")
        return Snapshot(day, values, box, self.grid, self.model.tumour_species)

    def _steps(self, span: float) -> int:
        tiny = 1e-12
        longest = min(self.scheme.growth / max(self.model.accuracy_rate, tiny), self.scheme.reach / max(self.outflow, tiny))
        return max(1, math.ceil(span / longest - 1e-9))

    def _settled(self, state: State) -> State:
        """Nothing owed: the diffusion checked, every phase done, the contours known."""
        if not state.phases and not state.moved:
            return state
        if not state.moved:
            contours = self.reactor.react(state.u, state.contours.held(state.window), state)
        else:
            contours = self.reactor.react(state.w, state.region, state)
            if contours is None:
                phases = state.phases
                state = self._diffuse(state, state.moved, safely=True)
                state.phases = phases
                contours = self.reactor.react(state.w, state.region, state)
        if contours is None:
            raise SolverError(
                "The solution left its range.",
                why="values outside [0, 1] cannot be a cell fraction",
                remedy="check the parameters; try accuracy='reference' or the 'fipy' engine",
            )
        if state.moved:
            state.u, state.w = state.w, state.u
        state.contours, state.moved, state.phases = contours, 0.0, []
        return state

    def _diffuse(self, state: State, dt: float, safely: bool = False) -> State:
        """A step of the diffusion from u to w, to be checked by the next pass."""
        growth = self.model.accuracy_rate * dt
        steps = self.mover.safe(dt) if safely else self.mover.steps_of(dt, growth, self.scheme.polynomial * growth**2)
        state, region = self._roomy(state, self.mover.reach(steps, dt))
        if not state.region.within(region):
            state.w[...] = 0
            state.v[...] = 0
        state.region, state.moved = region, dt
        shares = self.team.shares(region.spans())
        move = self.mover.move
        coefficients = state.coefficients
        if self.model.damping is not None:
            half = self._damped(state, state.u)
            move(half, steps, state.u, state.w, state.v, 0.5 * dt, state.window, shares, self.team)
            coefficients = self._damped(state, state.w)
        move(coefficients, steps, state.u, state.w, state.v, dt, state.window, shares, self.team)
        return state

    def _damped(self, state: State, u: np.ndarray) -> Any:
        factor = damping_factor(self.model, self.medium, state.window, state.region, u, state.removed)
        return self.mover.damped(state.coefficients, factor, state.window)

    def _roomy(self, state: State, reach: tuple[int, int]) -> tuple[State, Region]:
        """The active region of a step, in a window that is large enough for it."""
        while True:
            region = state.domain.reached(state.contours, reach)
            box = self._wider(state.window.box, self._touched(state, region))
            if box == state.window.box:
                return state, region
            state = self._moved(state, box)

    def _touched(self, state: State, region: Region) -> Sides:
        """On which faces of the window the region lies."""
        sides = region.sides()
        if sides is None:
            return ((False, False),) * 3
        hit = [(s.start == 0, s.stop == n) for s, n in zip(sides, state.window.shape, strict=True)]
        return triple(hit[state.window.order.index(axis)] for axis in range(3))

    def _wider(self, box: Box, faces: Sides) -> Box:
        """The box with room at the given faces for a front's way in the whole time, within the grid; at most threefold."""
        sides = []
        for s, n, h, (low, high) in zip(box, self.grid.shape, self.grid.spacing_mm, faces, strict=True):
            more = min(ROOM + math.ceil(self.way_mm / h), max(LEAST, s.stop - s.start))
            sides.append(slice(max(0, s.start - more * low), min(n, s.stop + more * high)))
        return aligned(triple(sides), self.order)

    def _moved(self, old: State, box: Box) -> State:
        """The same state in a window that holds the old one."""
        window = replace(old.window, box=box)
        u = window.zeros(self.scheme.real, len(self.model.species))
        window.view(u)[(slice(None), *window.inside(old.window.box))] = old.window.view(old.u)
        state = self._state(window, u, old.removed)
        state.contours = old.contours.moved(old.window, window)
        state.region = state.contours.held(window)
        return state

    def _state(self, window: Window, u: np.ndarray, removed: np.ndarray | None) -> State:
        domain = self.medium.domain[window.box]
        if removed is not None:
            domain = domain & ~removed[window.box]
        contours = Contours.empty(window, self.reactor.levels)
        return State(
            window,
            u,
            w=window.zeros(self.scheme.real, len(u)),
            v=window.zeros(self.scheme.real),
            domain=Region.of_domain(window, domain),
            region=contours.held(window),
            contours=contours,
            coefficients=self.mover.prepare(window, domain),
            numbers=parameter_fields(self.model.rate_parameters(), window, self.scheme.real),
            removed=removed,
        )

    def _traced(self, state: State, part: Box) -> State:
        """The state with the contours of what lies in a box of the grid, outside which it is zero."""
        reaction.trace(state.u, state.contours, *state.domain.cut(part).spans())
        state.region = state.contours.held(state.window)
        return state
