"""The shapes phi_k of a growth field: a smooth Gaussian process of low rank, or regions of the first scan."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np

from calibration.observation.fraction import observed_fraction
from twin.errors import DataRefused, UsageError
from twin.parameter import Parameter, Prior
from twin.patient import Patient

KINDS = ("gp", "regions:tissue", "regions:core", "regions:adc")
RANK = 40
HABITATS = 3
MOST_POINTS, CHUNK, FADE = 500, 50_000, 2.5


@dataclass(frozen=True)
class GrowthField:
    """``kind``, and for ``gp`` the correlation length (mm); ``spread_per_day`` is the prior's standard deviation."""

    kind: str
    length_mm: float = 15.0
    spread_per_day: float = 0.05

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise UsageError(f"There is no growth field '{self.kind}'.", remedy=f"known: {', '.join(KINDS)}")

    @property
    def text(self) -> str:
        return f"{self.kind};{self.length_mm:g};{self.spread_per_day:g}"

    @classmethod
    def read(cls, text: str) -> GrowthField:
        """What :attr:`text` wrote; a kind alone takes the default numbers."""
        kind, *numbers = text.split(";")
        return cls(kind, *(float(n) for n in numbers))


COEFFICIENT = "field_"
"""How the name of every coefficient of a field begins."""


def coefficients(field: GrowthField, patient: Patient) -> tuple[Parameter, ...]:
    """One parameter for each shape."""
    return tuple(
        Parameter(
            name=f"{COEFFICIENT}{k + 1:02d}",
            symbol=f"c_{k + 1}",
            unit="1",
            low=-5.0,
            high=5.0,
            default=0.0,
            prior=Prior(0.0, 1.0, "linear"),
            description=f"coefficient of shape {k + 1} of the growth field ({field.kind})",
            source="Gaussian prior of the field's coefficients",
        )
        for k in range(len(shapes(field, patient)))
    )


def rate_field(field: GrowthField, patient: Patient, rate: float, values: dict[str, float]) -> np.ndarray:
    """rate + spread sum_k c_k phi_k, (z, y, x), 1/day; float64."""
    found = shapes(field, patient)
    c = np.array([values.get(f"{COEFFICIENT}{k + 1:02d}", 0.0) for k in range(len(found))])
    out = np.full(patient.grid.shape, float(rate))
    out.reshape(-1)[found.index] += field.spread_per_day * (c @ found.values)
    return out


@dataclass(frozen=True)
class Shapes:
    """phi (k, voxels) on the flat voxel ``index``; zero elsewhere."""

    index: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.values)


_kept: dict[tuple[int, GrowthField], Shapes] = {}


def shapes(field: GrowthField, patient: Patient) -> Shapes:
    """The shapes phi_k; made once for each patient in memory.

    ``gp``: the first eigenfunctions of exp(-|x - x'|^2 / (2 length^2)) over the first scan's lesion by Nystroem's method
    (Rasmussen & Williams 2006, section 8.1), scaled so that c ~ N(0, 1) gives the process; they fade out beyond the lesion.
    ``regions``: one in a region and zero elsewhere. Held-out scans play no part.
    """
    key = (id(patient), field)
    if key not in _kept:
        _kept[key] = _process(field, patient) if field.kind == "gp" else _regions(field.kind, patient)
        weakref.finalize(patient, _kept.pop, key, None)
    return _kept[key]


def lesion(patient: Patient) -> np.ndarray:
    """The first scan's lesion, bool (z, y, x)."""
    from calibration.structure import initial_of

    return initial_of(patient).mask


def _process(field: GrowthField, patient: Patient) -> Shapes:
    spacing = np.asarray(patient.grid.spacing_mm)
    inside = np.argwhere(lesion(patient))
    origin = inside.min(axis=0)
    points = _thinned((inside - origin) * spacing, field.length_mm / 3)
    values, vectors = np.linalg.eigh(_kernel(points, points, field.length_mm))
    first = np.argsort(values)[::-1][:RANK]
    first = first[values[first] > 1e-6 * values[first[0]]]
    index = np.flatnonzero(patient.medium.domain)
    places = (np.stack(np.unravel_index(index, patient.grid.shape), axis=1) - origin) * spacing
    far = FADE * field.length_mm
    near = ((places > points.min(0) - far) & (places < points.max(0) + far)).all(axis=1)
    index, places, mix = index[near], places[near], vectors[:, first] / np.sqrt(values[first])
    parts = [_kernel(p, points, field.length_mm) @ mix for p in np.array_split(places, len(places) // CHUNK + 1)]
    return Shapes(index, np.concatenate(parts).T.astype(np.float32))


def _thinned(points: np.ndarray, spacing: float) -> np.ndarray:
    """The mean point of each cube of a lattice, coarse enough for ``MOST_POINTS``."""
    while True:
        cube, member = np.unique(np.floor(points / spacing), axis=0, return_inverse=True)
        if len(cube) <= MOST_POINTS:
            break
        spacing *= 1.2
    size = np.bincount(member.reshape(-1))
    return np.stack([np.bincount(member.reshape(-1), p) / size for p in points.T], axis=1)


def _kernel(a: np.ndarray, b: np.ndarray, length: float) -> np.ndarray:
    squared = (a**2).sum(1)[:, None] + (b**2).sum(1)[None] - 2 * a @ b.T
    return np.exp(-0.5 * np.maximum(squared, 0) / length**2)


def _regions(kind: str, patient: Patient) -> Shapes:
    mask, first = lesion(patient), patient.visits[0]
    if kind == "regions:tissue":
        parts = [f * mask for f in patient.medium.fractions.values()]
    elif kind == "regions:core":
        parts = _core(patient, mask)
    else:
        u = observed_fraction(patient, first)
        if u is None:
            raise _no_data(kind, "the first visit has no ADC and no cell count", "choose gp or regions:core")
        edges = np.quantile(u[mask], np.linspace(0, 1, HABITATS + 1)[1:-1])
        level = np.digitize(np.nan_to_num(u), edges)
        parts = [(level == k) & mask for k in range(HABITATS)]
    index = np.flatnonzero(mask)
    return Shapes(index, np.stack([p.reshape(-1)[index] for p in parts if np.any(p)]).astype(np.float32))


def _core(patient: Patient, mask: np.ndarray) -> list[np.ndarray]:
    core = patient.visits[0].core
    if core is None or not core.any():
        raise _no_data("regions:core", "the first visit has no enhancing region", "choose gp or regions:adc")
    return [core & mask, mask & ~core]


def _no_data(kind: str, why: str, remedy: str) -> DataRefused:
    return DataRefused(f"The growth field '{kind}' cannot be made.", where="visits", why=why, remedy=remedy)
