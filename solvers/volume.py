"""Growth without space: every growth law and therapy effect on a tumour of which only the volume is known."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np
import xarray as xr

from solvers.effect import Jump, TherapyEffect
from solvers.model import GrowthModel
from solvers.problem import Problem
from twin.errors import DataRefused
from twin.grid import Grid
from twin.medium import Medium
from twin.treatment import Plan

SUBSTEPS = 256
"""Of a stretch between two events, for growth that stops abruptly at the capacity."""


def simulate_volume(
    model: GrowthModel,
    volume_ml: float,
    capacity_ml: float,
    days: Sequence[float],
    plan: Plan = Plan(),
    effects: tuple[TherapyEffect, ...] = (),
    start_day: float = 0.0,
) -> xr.Dataset:
    """The tumour's volume at ``days``: du/dt = f(u) - k(t) u with u = volume / capacity, and the jumps of the effects.

    For a patient with diameters but no images. ``volume_ml`` is the living tumour on ``start_day``, ``capacity_ml`` the
    volume it could fill; diffusion plays no part. Doses are uniform: a dose map or a cavity is refused, since there is no
    place to put it. The kill is integrated exactly, growth to a relative 1e-10.

    Returns a dataset with dim t (days): ``volume_ml`` (living cells), ``visible_ml`` (with dying and necrotic ones), and
    ``u`` (t, species). Raises DataRefused for a volume that is not between zero and the capacity.
    """
    if not (np.isfinite([volume_ml, capacity_ml]).all() and 0 <= volume_ml <= capacity_ml and capacity_ml > 0):
        raise DataRefused(
            f"A tumour of {volume_ml:g} mL cannot grow in a capacity of {capacity_ml:g} mL.",
            where="volume_ml, capacity_ml",
            remedy="give a volume of zero or more and a capacity above it",
        )
    medium = _point(capacity_ml)
    start = np.full(medium.grid.shape, volume_ml / capacity_ml)
    problem = Problem(model, medium, start, tuple(days), start_day, plan, effects)
    values = np.stack(list(_states(problem)))
    return _dataset(problem, values, capacity_ml)


def sphere_ml(diameter_mm: float) -> float:
    """Volume of a sphere of that diameter, mL."""
    return np.pi / 6.0 * diameter_mm**3 / 1000.0


def _point(capacity_ml: float) -> Medium:
    """One voxel that holds the whole capacity."""
    side = (1000.0 * capacity_ml) ** (1.0 / 3.0)
    grid = Grid((1, 1, 1), (side, side, side))
    return Medium.of_one_tissue(grid, np.ones(grid.shape, bool))


def _states(problem: Problem):
    """u (species,) at each of the problem's days, those before a dose of the same time."""
    jumps = sorted((j for e in problem.effects for j in e.jumps(problem.plan, problem.medium)), key=lambda j: j.day)
    due = [j for j in jumps if j.day >= problem.start_day]
    kinks = [t for e in problem.effects for t in e.breakpoints(problem.plan)]
    end = problem.days[-1]
    events = {t for t in [*problem.days, *(j.day for j in due), *kinks] if problem.start_day <= t <= end}
    stops = sorted(events | {problem.start_day})
    state = problem.initial.reshape(-1).astype(float)
    for now, stop in itertools.pairwise([stops[0], *stops]):
        state = _grow(problem, state, now, stop) if stop > now else state
        if stop in problem.days:
            yield state
        while due and due[0].day <= stop:
            state = _jump(problem, state, due.pop(0))


def _jump(problem: Problem, state: np.ndarray, jump: Jump) -> np.ndarray:
    out = state.copy()
    jump.apply(out, problem.model, float(np.reshape(jump.survival, -1)[0]))
    return out


def _exposure(problem: Problem, start: float, stop: float) -> float:
    total = 0.0
    for effect in problem.effects:
        delivery = effect.delivery(problem.plan, problem.medium)
        factor = 1.0 if delivery is None else float(delivery.reshape(-1)[0])
        total += factor * effect.exposure(problem.plan, start, stop)
    return total


def _grow(problem: Problem, state: np.ndarray, start: float, stop: float) -> np.ndarray:
    if problem.model.capped:
        return _stepwise(problem, state, start, stop)
    from scipy.integrate import solve_ivp

    model, p = problem.model, problem.model.rate_parameters()
    tumour = np.zeros(len(state))
    tumour[list(model.tumour_species)] = 1.0

    def killed(t: float) -> np.ndarray:
        """Share of the tumour species that the drugs have left since ``start``."""
        return np.exp(-tumour * _exposure(problem, start, t))

    def slope(t: float, v: np.ndarray) -> np.ndarray:
        out, left = np.empty_like(v), killed(t)
        model.rate(v * left, p, out)
        return out / left

    found = solve_ivp(slope, (start, stop), state, method="DOP853", rtol=1e-10, atol=1e-15)
    return np.maximum(found.y[:, -1] * killed(stop), 0.0)


def _stepwise(problem: Problem, state: np.ndarray, start: float, stop: float) -> np.ndarray:
    model, p = problem.model, problem.model.rate_parameters()
    u, times = state.copy(), np.linspace(start, stop, SUBSTEPS + 1)
    for a, b in itertools.pairwise(times):
        model.flow(tuple(u), p, _exposure(problem, a, b) / (b - a), b - a, u)
    return u


def _dataset(problem: Problem, values: np.ndarray, capacity_ml: float) -> xr.Dataset:
    model = problem.model
    living = values[:, list(model.tumour_species)].sum(axis=1) * capacity_ml
    visible = values[:, list(model.visible_species or model.tumour_species)].sum(axis=1) * capacity_ml
    return xr.Dataset(
        {
            "volume_ml": ("t", living, {"units": "mL", "long_name": "living tumour"}),
            "visible_ml": ("t", visible, {"units": "mL", "long_name": "visible lesion"}),
            "u": (("t", "species"), values, {"units": "1", "long_name": "fraction of the capacity"}),
        },
        coords={"t": ("t", list(problem.days), {"units": "day"}), "species": list(model.species)},
        attrs={"capacity_ml": capacity_ml},
    )
