"""Dose where it goes: physical dose, BED and EQD2 per voxel, and what is known of it."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from scenarios.radiobiology import alpha_beta_gy
from twin.medium import Medium
from twin.patient import Patient
from twin.treatment import Plan, Radiotherapy

ISODOSE = 0.95
"""The share of the prescribed dose that bounds the treated volume (ICRU 50)."""

SYNTHETIC = "synthetic dose"
"""How the words begin that say where a synthetic dose distribution comes from."""

LATE_ALPHA_BETA_GY = 3.0
"""Late-reacting tissue where nothing more is known of it (QUANTEC, Bentzen 2010)."""

TISSUE_ALPHA_BETA_GY = {"white": 2.0, "grey": 2.0, "brain": 2.0}
"""Late alpha/beta of healthy tissue by name, Gy: the central nervous system 2 (Bentzen 2010)."""


def is_mapped(plan: Plan) -> bool:
    """Whether a dose distribution is given for all radiotherapy of the plan; a uniform dose reaches every organ alike."""
    beams = _beams(plan)
    return bool(beams) and all(c.relative_dose is not None for c in beams)


def is_synthetic(course: Radiotherapy) -> bool:
    """Whether the dose distribution of the course is an assumption drawn around the lesion."""
    return course.dose_from.startswith(SYNTHETIC)


def dose_gy(plan: Plan, shape: tuple[int, ...]) -> np.ndarray:
    """Physical dose of every fraction of the plan, float32 (z, y, x), Gy."""
    return _summed(plan, shape, lambda d: d)


def bed_gy(plan: Plan, shape: tuple[int, ...], alpha_beta: np.ndarray | float) -> np.ndarray:
    """BED(x) = sum_i d_i(x) (1 + d_i(x) / (alpha/beta)(x)), float32 (z, y, x), Gy. No repopulation. Fowler 1989."""
    return _summed(plan, shape, lambda d: d * (1.0 + d / alpha_beta))


def eqd2_gy(bed: np.ndarray, alpha_beta: np.ndarray | float) -> np.ndarray:
    """Dose in 2 Gy fractions of the same effect, EQD2 = BED / (1 + 2 / (alpha/beta)), Gy."""
    return bed / (1.0 + 2.0 / np.asarray(alpha_beta, np.float32))


def prescribed_gy(plan: Plan) -> float:
    """The prescribed total of every course, Gy."""
    return sum(c.total_gy for c in _beams(plan))


def isodose(plan: Plan, shape: tuple[int, ...], share: float = ISODOSE) -> np.ndarray | None:
    """Where the dose is ``share`` of the prescribed one or more, bool (z, y, x); None for a dose that is uniform or none."""
    if not is_mapped(plan):
        return None
    return dose_gy(plan, shape) >= share * prescribed_gy(plan)


def alpha_beta_map(patient: Patient, organs: Mapping[str, float]) -> np.ndarray:
    """alpha/beta by tissue, float32 (z, y, x), Gy: of the tumour inside the lesion last seen, else of the organ named in
    ``organs`` (name -> Gy), else of the healthy tissue."""
    found = _healthy(patient.medium)
    for name, ratio in organs.items():
        found[patient.organs[name]] = ratio
    lesion = patient.seen[-1].whole
    if lesion is not None:
        found[lesion] = alpha_beta_gy(patient.site)
    return found


def _healthy(medium: Medium) -> np.ndarray:
    """beta/alpha mixed by volume fraction, as the effects do."""
    inverse = np.full(medium.grid.shape, 1.0 / LATE_ALPHA_BETA_GY, np.float32)
    mixed = sum(f / TISSUE_ALPHA_BETA_GY.get(name, LATE_ALPHA_BETA_GY) for name, f in medium.fractions.items())
    return (1.0 / np.where(medium.domain, mixed, inverse)).astype(np.float32)


def _beams(plan: Plan) -> list[Radiotherapy]:
    return [c for c in plan.courses if isinstance(c, Radiotherapy)]


def _summed(plan: Plan, shape: tuple[int, ...], effect) -> np.ndarray:
    """sum_i effect(d_i(x)); equal fractions of one course are computed once."""
    total = np.zeros(shape, np.float32)
    for course in _beams(plan):
        relative = np.float32(1.0) if course.relative_dose is None else course.relative_dose.astype(np.float32)
        sizes, counts = np.unique([f.dose_gy for f in course.fractions], return_counts=True)
        for size, count in zip(sizes, counts, strict=True):
            total += np.float32(count) * effect(np.float32(size) * relative)
    return total
