"""The part of the patient that a fit needs: cropped to what the tumour can reach, and coarser where asked."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xarray as xr

from twin.fields import block_mean, bounding_box, field
from twin.grid import Box
from twin.medium import Medium
from twin.patient import Patient, Visit
from twin.treatment import Plan, Radiotherapy, Resection

FASTEST_MM_PER_DAY = 0.25
"""A front of 90 mm a year, twice what is clinically plausible for glioma (29-46 mm a year)."""

MARGIN_MM = 15.0


def reachable(patient: Patient, horizon_day: float) -> Box:
    """The box around every lesion that was seen, widened by how far a front can come until ``horizon_day``.

    Only visits that the calibration may see decide it: a held-out scan must not leave a trace.
    """
    masks = [v.whole for v in patient.seen if v.whole is not None]
    seen = np.logical_or.reduce(masks) if masks else patient.medium.domain
    reach = MARGIN_MM + FASTEST_MM_PER_DAY * max(0.0, horizon_day)
    box = bounding_box(seen & patient.medium.domain, tuple(int(np.ceil(reach / h)) for h in patient.grid.spacing_mm))  # type: ignore[arg-type]
    tissue = bounding_box(patient.medium.domain)
    return tuple(slice(max(a.start, b.start), min(a.stop, b.stop)) for a, b in zip(box, tissue, strict=True))  # type: ignore[return-value]


def plan_coarse(plan: Plan, factor: int) -> Plan:
    return _mapped(plan, lambda values: _coarse(values, factor))


def coarse(patient: Patient, factor: int) -> Patient:
    """The patient on blocks of ``factor`` voxels: images averaged over tissue, regions by majority."""
    if factor == 1:
        return patient
    medium = patient.medium.coarsen(factor)
    visits = tuple(_coarse_visit(v, patient.medium, medium, factor) for v in patient.visits)
    anatomy = (
        None
        if patient.anatomy is None
        else field(
            block_mean(patient.anatomy.values.astype(np.float32), factor), medium.grid, patient.anatomy.attrs["units"]
        )
    )
    return replace(
        patient, medium=medium, visits=visits, treatments=plan_coarse(patient.treatments, factor), anatomy=anatomy
    )


def coarse_state(state: np.ndarray, medium: Medium, factor: int) -> np.ndarray:
    """A state (species, z, y, x) on the coarse medium; cells in blocks that became wall are dropped."""
    if factor == 1:
        return state
    return np.stack([np.where(medium.domain, np.clip(block_mean(s, factor), 0, 1), 0) for s in state]).astype(np.float32)


def _coarse_visit(visit: Visit, fine: Medium, medium: Medium, factor: int) -> Visit:
    tissue = fine.domain.astype(np.float32)
    weight = np.maximum(block_mean(tissue, factor), 1e-6)

    def mean(image: xr.DataArray) -> xr.DataArray:
        values = block_mean(image.values.astype(np.float32) * tissue, factor) / weight
        return field(values, medium.grid, image.attrs["units"])

    images = {role: mean(image) for role, image in visit.images.items()}
    return replace(visit, images=images, regions={n: _coarse(r, factor) for n, r in visit.regions.items()})


def _coarse(values: np.ndarray, factor: int) -> np.ndarray:
    mean = block_mean(values.astype(np.float32), factor)
    return mean >= 0.5 if values.dtype == bool else mean


def _mapped(plan: Plan, change) -> Plan:
    courses = []
    for course in plan.courses:
        if isinstance(course, Radiotherapy) and course.relative_dose is not None:
            course = replace(course, relative_dose=change(course.relative_dose))
        elif isinstance(course, Resection):
            course = replace(course, cavity=change(course.cavity))
        courses.append(course)
    return Plan(tuple(courses))
