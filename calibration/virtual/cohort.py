"""A cohort of virtual patients: anatomy, parameters, treatment, dates and noise drawn at random, the truth on a finer grid.

The parameters are drawn from the priors that a calibration assumes, as simulation-based calibration needs (Talts 2018,
arXiv:1804.06788). Which patients enter is decided by what the visits seen show, never by the truth or the held-out visit: a
posterior is the same whether or not its data were selected. The truth's diffusivity is that of space: its voxels get the one
that moves fronts alike (:mod:`calibration.grid_error`), or a slow tissue's fronts would be those of the voxels.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from calibration.grid_error import felt
from calibration.region import coarse
from calibration.virtual.patient import Hidden, VirtualPatient, examine
from calibration.virtual.scanner import Scanner
from solvers.effect import effects
from solvers.model import models
from twin.errors import SolverError
from twin.fields import bounding_box
from twin.imaging.mni152 import load_mni152
from twin.medium import Medium
from twin.parameter import declared
from twin.patient import Cellularity, Patient, Visit
from twin.treatment import Course, Plan, chemotherapy, radiotherapy

ROOM_MM = 52
"""Half the edge of the cube of anatomy around the place where the tumour began."""

ATTEMPTS = 60

CELLULARITY = Cellularity(2.5e-3, 0.5e-3)
"""Tissue at capacity keeps an apparent diffusion coefficient of a fifth of free water's."""


@dataclass(frozen=True)
class Cohort:
    """How patients are drawn.

    ``model``: the growth model of the truth. ``fine``, ``coarse``: millimetres of the truth's and of the fit's voxels.
    ``diagnosed_ml``: range of the visible volume at diagnosis. ``seen``: number of visits seen; one more is held out, 4 to
    12 weeks later.
    """

    seed: int
    model: str = "fisher-kpp"
    effects: tuple[str, ...] = ("radiotherapy", "chemotherapy")
    fine: int = 1
    coarse: int = 3
    seen: tuple[int, ...] = (2, 3, 4)
    diagnosed_ml: tuple[float, float] = (4.0, 35.0)
    scanner: Scanner = field(default_factory=Scanner)

    def patient(self, number: int) -> VirtualPatient:
        """The patient of that number on the fit's grid, its states on the truth's; drawn anew until :func:`followed`.

        Raises SolverError where that does not happen in 60 attempts.
        """
        for attempt in range(ATTEMPTS):
            try:
                drawn = self._draw(np.random.default_rng((self.seed, number, attempt)), number)
            except SolverError:
                continue
            if followed(drawn.patient):
                return drawn
        raise SolverError(f"Virtual patient {number} could not be drawn.", remedy="widen the ranges of the cohort")

    def true_numbers(self, virtual: VirtualPatient) -> list[tuple[float, float]]:
        """True visible volume and burden (mL) on each visit's day."""
        threshold, voxel_ml = virtual.patient.visibility.threshold, 1e-3 * self.fine**3
        states = (virtual.states[visit.day] for visit in virtual.patient.visits)
        return [(float((u > threshold).sum()) * voxel_ml, float(u.sum(dtype=float)) * voxel_ml) for u in states]

    def _draw(self, rng: np.random.Generator, number: int) -> VirtualPatient:
        kinds = [models[self.model], *(effects[name] for name in self.effects)]
        values = {p.name: p.draw(rng) for kind in kinds for p in declared(kind)}
        patient, seed_mm = self._anatomy(rng, number)
        on_voxels = felt(values, patient.grid)
        hidden = Hidden(on_voxels, seed_mm, float(np.exp(rng.uniform(*np.log(self.diagnosed_ml)))), self.model, self.effects)
        fine = examine(hidden, patient, rng, self.scanner)
        return VirtualPatient(coarse(fine.patient, self.coarse // self.fine), values, fine.states)

    def _anatomy(self, rng: np.random.Generator, number: int) -> tuple[Patient, tuple[float, float, float]]:
        medium, seed_mm = place(rng, self.fine, self.coarse)
        seen = int(rng.choice(self.seen))
        days, plan = calendar(rng, seen)
        visits = tuple(Visit(d, f"day {d:g}", held_out=k == seen) for k, d in enumerate(days))
        return Patient(f"virtual-{number}", "brain", medium, visits, plan, CELLULARITY), seed_mm


def followed(patient: Patient) -> bool:
    """Whether such a patient would be followed and forecast: on every visit seen the lesion is there, below 120 mL, clear of
    the borders of the image, and has changed by less than a factor of six."""
    masks = [v.whole for v in patient.seen if v.whole is not None]
    volumes = [float(mask.sum()) * patient.grid.voxel_ml for mask in masks]
    if len(masks) < len(patient.seen) or not (min(volumes) > 1.0 and max(volumes) < min(120.0, 6.0 * min(volumes))):
        return False
    box = bounding_box(np.logical_or.reduce(masks))
    return all(s.start > 3 and s.stop < n - 3 for s, n in zip(box, patient.grid.shape, strict=True))


def place(rng: np.random.Generator, fine: int, coarsest: int) -> tuple[Medium, tuple[float, float, float]]:
    """White matter at random as the origin, and the anatomy around it."""
    whole = load_mni152()
    deep = np.argwhere(whole.white > 0.9)
    centre = deep[rng.integers(len(deep))]
    low = [max(0, c - ROOM_MM) for c in centre]
    unit = coarsest * fine
    size = [(min(n, c + ROOM_MM) - a) // unit * unit for n, c, a in zip(whole.white.shape, centre, low, strict=True)]
    part = load_mni152(tuple(slice(a, a + s) for a, s in zip(low, size, strict=True)))  # type: ignore[arg-type]
    medium = Medium.of_fractions(part.grid, {"white": part.white, "grey": part.grey}).coarsen(fine)
    z, y, x = (float(c - a) - (fine - 1) / 2 for c, a in zip(centre, low, strict=True))
    return medium, (z, y, x)


def calendar(rng: np.random.Generator, seen: int) -> tuple[list[float], Plan]:
    """Days of the visits (the last one held out, 4 to 12 weeks after the one before), and the treatment."""
    gaps = [*rng.integers(14, 36, seen - 1), rng.integers(28, 85)]
    days = np.cumsum([0, *gaps]).astype(float).tolist()
    start = float(7 * rng.integers(0, 7))
    kind = rng.choice(["none", "radiotherapy", "chemoradiation", "short course"], p=[0.25, 0.25, 0.3, 0.2])
    if kind == "none":
        return days, Plan()
    courses: list[Course] = [radiotherapy(start, 40.0, 15) if kind == "short course" else radiotherapy(start, 60.0, 30)]
    if kind == "chemoradiation":
        courses.append(chemotherapy("temozolomide", 75.0, start + np.arange(42)))
    return days, Plan(tuple(courses))
