"""The problem: everything that is to be computed, engine and step left open."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np

from solvers.companion import complete, extended, root
from solvers.effect import TherapyEffect
from solvers.model import GrowthModel
from twin.errors import DataRefused
from twin.grid import Box, Grid
from twin.medium import Medium
from twin.treatment import Plan


@dataclass(frozen=True)
class Problem:
    """Growth ``model`` in a ``medium`` from ``initial`` at ``start_day``, under ``plan`` as the ``effects`` understand it.

    ``initial`` has shape (z, y, x), a cell fraction that the model distributes over its species, or (species, z, y, x);
    tumour species in [0, 1], zero in walls. Effects may add species to the model (:meth:`TherapyEffect.companion`).
    ``days`` are the clock times at which the state is wanted, increasing, the first at or after ``start_day``. The state
    on the day of a dose is the one *before* the dose; doses before ``start_day`` are taken as already in ``initial``,
    except that a drug given before still decays.
    """

    model: GrowthModel
    medium: Medium
    initial: np.ndarray = field(repr=False)
    days: tuple[float, ...]
    start_day: float = 0.0
    plan: Plan = Plan()
    effects: tuple[TherapyEffect, ...] = ()
    occupied: Box = field(init=False, repr=False, compare=False)
    """Everything of ``initial`` that is not zero."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "model", extended(self.model, self.effects))
        initial = complete(np.asarray(self.initial), self.model)
        object.__setattr__(self, "initial", initial)
        object.__setattr__(self, "days", tuple(float(d) for d in self.days))
        _check_fields(self.model, self.medium)
        object.__setattr__(self, "occupied", _check_initial(initial, self.model, self.medium))
        _check_days(self.days, self.start_day)

    def continued(self, snapshot: Snapshot, days: tuple[float, ...], plan: Plan | None = None) -> Problem:
        """The same problem from a snapshot on, with another plan if given. Cavities cut before it stay walls."""
        given = self.plan if plan is None else plan
        medium = self._medium_on(snapshot.day, given)
        return replace(self, medium=medium, initial=snapshot.full(), start_day=snapshot.day, days=days, plan=given)

    def _medium_on(self, day: float, plan: Plan) -> Medium:
        """The medium as operations before ``day`` left it."""
        jumps = (j for e in self.effects for j in e.jumps(plan, self.medium) if j.day < day)
        removed = [j.removed for j in jumps if j.removed is not None]
        if not removed:
            return self.medium
        return replace(self.medium, domain=self.medium.domain & ~np.logical_or.reduce(removed))


@dataclass(frozen=True)
class Snapshot:
    """The state at one clock time inside ``box`` of ``grid``; outside it is zero. ``values``: (species, z, y, x)."""

    day: float
    values: np.ndarray = field(repr=False)
    box: Box
    grid: Grid
    tumour_species: tuple[int, ...] = (0,)
    visible_species: tuple[int, ...] = ()

    @property
    def cells(self) -> np.ndarray:
        """Cell fraction (z, y, x) inside the box: living tumour cells."""
        return self._sum(self.tumour_species)

    @property
    def visible(self) -> np.ndarray:
        """Fraction (z, y, x) inside the box that a scan shows as lesion: living cells, and dying or necrotic ones."""
        return self._sum(self.visible_species or self.tumour_species)

    def _sum(self, species: tuple[int, ...]) -> np.ndarray:
        return self.values[species[0]] if len(species) == 1 else self.values[list(species)].sum(axis=0)

    def full(self) -> np.ndarray:
        """(species, z, y, x) on the whole grid."""
        out = np.zeros((self.values.shape[0], *self.grid.shape), self.values.dtype)
        out[(slice(None), *self.box)] = self.values
        return out

    def full_cells(self) -> np.ndarray:
        """Cell fraction (z, y, x) on the whole grid."""
        out = np.zeros(self.grid.shape, self.values.dtype)
        out[self.box] = self.cells
        return out

    def full_visible(self) -> np.ndarray:
        """Visible fraction (z, y, x) on the whole grid."""
        out = np.zeros(self.grid.shape, self.values.dtype)
        out[self.box] = self.visible
        return out

    def volume_ml(self, threshold: float) -> float:
        """Volume with a visible fraction above ``threshold``, mL."""
        return float(np.count_nonzero(self.visible > threshold)) * self.grid.voxel_ml

    def counted_ml(self, threshold: float) -> float:
        """Cells where the visible fraction is above ``threshold``, mL at carrying capacity: those that a scan can count."""
        return float(self.cells[self.visible > threshold].sum(dtype=np.float64)) * self.grid.voxel_ml

    def burden_ml(self) -> float:
        """Integral of the cell fraction, mL of tissue at carrying capacity (times theta: the number of cells)."""
        return float(self.cells.sum(dtype=np.float64)) * self.grid.voxel_ml


def _check_fields(model: GrowthModel, medium: Medium) -> None:
    for name, value in vars(root(model)).items():
        if np.ndim(value) and np.shape(value) != medium.grid.shape:
            raise DataRefused(
                f"The field {name} has shape {np.shape(value)}, the tissue {medium.grid.shape}.",
                where=name,
                why="every voxel would get the value of another place",
                remedy="give one number, or a field on the grid of the baseline visit",
            )


def _check_initial(initial: np.ndarray, model: GrowthModel, medium: Medium) -> Box:
    """The box of what is there, or a refusal."""
    expected = (len(model.species), *medium.grid.shape)
    if initial.shape != expected:
        raise DataRefused(
            f"The initial state has shape {initial.shape}, expected {expected}.",
            where="initial condition",
            remedy="give (species, z, y, x) on the medium's grid",
        )
    from solvers.scan import facts

    known = facts(initial, model.tumour_species, medium.domain)
    if not known.finite:
        raise DataRefused(
            "The initial state holds NaN or infinite values.",
            where="initial condition",
            remedy="check the first visit's images",
        )
    if known.lowest < 0 or known.highest > 1 + 1e-5:
        raise DataRefused(
            f"The initial cell fraction runs from {known.lowest:g} to {known.highest:g}; it must lie in [0, 1].",
            where="initial condition",
            remedy="divide cell counts by the carrying capacity of a voxel",
        )
    if known.in_walls > 0:
        raise DataRefused(
            "The initial tumour lies partly in a wall (CSF, skull, outside the organ).",
            where="initial condition",
            why="those cells could neither grow nor leave",
            remedy="multiply the initial state by medium.domain, or mend the organ mask",
        )
    return known.box


def _check_days(days: tuple[float, ...], start_day: float) -> None:
    ordered = all(a < b for a, b in itertools.pairwise(days))
    if not days or not np.isfinite([*days, start_day]).all() or not ordered or days[0] < start_day:
        raise DataRefused(
            f"The times {days} are not increasing from the start on day {start_day:g}.",
            where="days",
            remedy="list the days in order, none before the start",
        )
