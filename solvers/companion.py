"""Companions: species that a therapy adds beside a growth model's own, such as dying cells or effector cells."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, ClassVar, Protocol

import numpy as np

from solvers.model import GrowthModel


class Companion(ABC):
    """One further species v beside a tumour of cell fraction T: dv/dt = g(v, T), and a kill rate k(v) on the tumour.

    ``rate(v, T, p, j)`` returns (dv/dt, k) in 1/day, ``flow(v, T, p, j, dt)`` the exact v after dt at constant T; both take
    their numbers from ``p[j]`` on, in plain arithmetic that serves scalars and arrays. ``visible``: scans show it as lesion.
    """

    species: ClassVar[str]
    visible: ClassVar[bool] = False
    diffusivity_mm2_per_day: float = 0.0

    @abstractmethod
    def parameters(self) -> tuple[float, ...]:
        """The numbers that ``rate`` and ``flow`` take."""

    @property
    @abstractmethod
    def accuracy_rate(self) -> float:
        """The fastest rate, 1/day."""

    @staticmethod
    @abstractmethod
    def rate(v, total, p, j):
        """(dv/dt, kill rate of the tumour)."""

    @staticmethod
    @abstractmethod
    def flow(v, total, p, j, dt):
        """v after ``dt`` at constant ``total``."""


class _HasCompanion(Protocol):
    def companion(self) -> Companion | None: ...


def extended(model: GrowthModel, effects: Iterable[_HasCompanion]) -> GrowthModel:
    """The model with the companions that the effects bring, the same whichever way it was extended before."""
    model = root(model)
    for effect in effects:
        companion = effect.companion()
        if companion is not None:
            model = _rebuild(model, companion)
    return model


def root(model: GrowthModel) -> GrowthModel:
    """The growth model without its companions."""
    while isinstance(model, Extended):
        model = model.base
    return model


def complete(state: np.ndarray, model: GrowthModel) -> np.ndarray:
    """(species, z, y, x) from a cell fraction (z, y, x), or with the companions that are missing at zero."""
    if state.ndim == 3:
        return model.distribute(state) if len(model.species) > 1 else state[None]
    missing = len(model.species) - len(root(model).species)
    if not missing or len(state) != len(root(model).species):
        return state
    return np.concatenate([state, np.zeros((missing, *state.shape[1:]), state.dtype)])


class Extended(GrowthModel):
    """A growth model with one companion; made by :func:`extended`. The companion is the last species."""

    def __init__(self, base: GrowthModel, companion: Companion):
        object.__setattr__(self, "base", base)
        object.__setattr__(self, "beside", companion)

    base: GrowthModel
    beside: Companion

    def diffusivity(self, tissues: tuple[str, ...]) -> np.ndarray:
        own = self.base.diffusivity(tissues)
        return np.vstack([own, np.full((1, len(tissues)), self.beside.diffusivity_mm2_per_day)])

    def rate_parameters(self) -> tuple[Any, ...]:
        return (*self.base.rate_parameters(), *self.beside.parameters())

    @property
    def accuracy_rate(self) -> float:
        return max(self.base.accuracy_rate, self.beside.accuracy_rate)

    def distribute(self, cells: np.ndarray) -> np.ndarray:
        return complete(root(self).distribute(cells), self)

    def __reduce__(self):
        return _rebuild, (self.base, self.beside)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Extended) and (self.base, self.beside) == (other.base, other.beside)

    def __hash__(self) -> int:
        return hash((type(self), self.beside))


def _rebuild(model: GrowthModel, companion: Companion) -> Extended:
    return _class(type(model), type(companion), len(model.rate_parameters()))(model, companion)


@cache
def _class(model: type[GrowthModel], companion: type[Companion], first: int) -> type[Extended]:
    """The class of ``model`` with ``companion``, whose numbers start at ``p[first]``."""
    own = len(model.species)
    visible = (*(model.visible_species or model.tumour_species), own)
    flow = None if model.flow is None else staticmethod(_flow(model, companion, first))
    members = {
        "species": (*model.species, companion.species),
        "tumour_species": model.tumour_species,
        "visible_species": visible if companion.visible else model.visible_species,
        "crowding": model.crowding,
        "capped": model.capped,
        "citation": model.citation,
        "rate": staticmethod(_rate(model, companion, first)),
        "flow": flow,
        "mobility": None if model.mobility is None else staticmethod(_mobility(model)),
        "damping": None if model.damping is None else lambda self, *a: self.base.damping(*a),
        "__doc__": f"{model.__name__} with {companion.species} beside it.",
    }
    return type(f"{model.__name__}With{companion.__name__}", (Extended,), members)


def _both(function: Callable) -> Callable:
    """The function itself, which compiled code may now call too."""
    from numba.extending import register_jitable

    return register_jitable(function)


def _rate(model: type[GrowthModel], companion: type[Companion], first: int) -> Callable:
    base, beside = _both(model.rate), _both(companion.rate)
    own, tumour = len(model.species), model.tumour_species

    def rate(u, p, out) -> None:
        base(u, p, out)
        total = 0.0
        for k in tumour:
            total = total + u[k]
        change, kill = beside(u[own], total, p, first)
        out[own] = change
        for k in tumour:
            out[k] -= kill * u[k]

    return rate


def _flow(model: type[GrowthModel], companion: type[Companion], first: int) -> Callable:
    """Half a step of the companion, the base's exact flow with the companion's kill, half a step: second order."""
    base, beside, pace = _both(model.flow), _both(companion.flow), _both(companion.rate)
    own, tumour = len(model.species), model.tumour_species

    def flow(u, p, kill, dt, out) -> None:
        total = 0.0
        for k in tumour:
            total = total + u[k]
        half = beside(u[own], total, p, first, 0.5 * dt)
        base(u, p, kill + pace(half, total, p, first)[1], dt, out)
        total = 0.0
        for k in tumour:
            total = total + out[k]
        out[own] = beside(half, total, p, first, 0.5 * dt)

    return flow


def _mobility(model: type[GrowthModel]) -> Callable:
    base, own = _both(model.mobility), len(model.species)

    def mobility(u, p, out) -> None:
        base(u, p, out)
        out[own] = 1.0

    return mobility
