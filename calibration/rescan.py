"""What the first scan's own errors do to a fit: the scan is repeated on the computer and the fit looked at again.

The forecast starts from the first scan. Its noise and its drawn borders enter the prediction, where they cannot be told from
data: noise that diffusion would have smoothed makes diffusion look larger (errors in variables). Repeating the scan on the
state it was read as, reading it again and fitting again shows the shift and the spread that such errors cause; the shift
is taken off and the spread added. Cook & Stefanski 1994, J Am Stat Assoc 89:1314 (simulation extrapolation); one
Gauss-Newton step stands for each refit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import xarray as xr

from calibration.initial import InitialState, initial_state
from calibration.objective import Objective
from calibration.observation import adc
from calibration.observation.fraction import observed_fraction, voxel_noise
from calibration.polish import STEP, Polished
from calibration.pool import Evaluate
from calibration.virtual.scanner import Scanner, draw_region
from twin.fields import field
from twin.patient import Patient

REPLICATES, CURVED = 6, 3
"""Repeated scans; and those of them on which the slopes of the residuals are taken anew as well."""

SHARE = 0.5
"""Share of the shift that is taken off: the repeated scans carry the noise of the first as well as their own."""


@dataclass(frozen=True)
class ScanError:
    """``shift`` and ``spread`` (covariance) of the score J^T r, by parameter, that the first scan's errors cause."""

    shift: np.ndarray
    spread: np.ndarray


def scan_error(objective: Objective, evaluate: Evaluate, at: Polished, seed: int) -> ScanError:
    """From ``REPLICATES`` repeated scans at the optimum ``at``: that many solves, and one a parameter for ``CURVED``."""
    size = len(at.z)
    data, slopes = at.residual[:-size], at.jacobian[:-size]
    around = [at.z, *(at.z + STEP * unit for unit in np.eye(size))]
    items = [((seed, k), around if k < CURVED else around[:1]) for k in range(REPLICATES)]
    linear, curved = [], []
    for found in evaluate(rescanned, items):
        linear.append(slopes.T @ (found[0] - data).astype(float))
        if len(found) > 1:
            other = np.stack([(r - found[0]) / np.float32(STEP) for r in found[1:]], axis=1)
            curved.append((other - slopes).T @ found[0].astype(float))
    moved = np.array(linear)
    return ScanError(SHARE * (moved.mean(axis=0) + np.median(curved, axis=0)), np.cov(moved.T) * (1 + 1 / REPLICATES))


def rescanned(objective: Objective, item: tuple[tuple[int, int], list[np.ndarray]]) -> list[np.ndarray]:
    """The data's residuals at each z with a first scan repeated by that seed (at the first z)."""
    seed, points = item
    again = replace(objective, initial=repeated(objective, objective.space.values(points[0]), seed))
    return [again.residual(z)[: -len(z)] for z in points]


def repeated(objective: Objective, values: dict[str, float], seed: tuple[int, int]) -> InitialState:
    """The reading of a first scan that shows the state read before, with new noise and newly drawn borders."""
    patient, rng = objective.patient, np.random.default_rng((*seed, 77))
    known = {**objective.structure.defaults(), **objective.structure.fixed, **values}
    true = objective.initial.state(known)
    visit = patient.visits[0]
    regions = dict(visit.regions)
    if patient.visibility.whole is not None and visit.whole is not None:
        regions = _redrawn(true, patient, rng)
    pseudo = replace(visit, images=_rescanned_images(objective, true, known, rng), regions=regions)
    return initial_state(replace(patient, visits=(pseudo, *patient.visits[1:])))


def _rescanned_images(objective: Objective, true: np.ndarray, known: dict[str, float], rng) -> dict[str, xr.DataArray]:
    """The image of the state with new noise, of the kind the first scan had, with the scale error it was read with."""
    patient, visit = objective.patient, objective.patient.visits[0]
    observed = observed_fraction(patient, visit)
    if observed is None:
        return {}
    noise = np.float32(voxel_noise(np.nan_to_num(observed), objective.initial.mask)) * rng.standard_normal(
        true.shape, np.float32
    )
    if "cell_fraction" in visit.images:
        return {"cell_fraction": field(true + noise, patient.grid, "1")}
    scale = np.float32(known.get("first_adc_scale", 1.0))
    image = adc.to_image(true, patient.cellularity) * scale
    reach = patient.cellularity.adc_water_mm2_per_s - patient.cellularity.adc_minimum_mm2_per_s
    return {"adc": field(image - np.float32(reach) * noise, patient.grid, "mm2/s")}


def _redrawn(true: np.ndarray, patient: Patient, rng: np.random.Generator) -> dict[str, np.ndarray]:
    seen = patient.visibility
    whole = draw_region(true, seen.threshold, patient.medium, Scanner(), rng)
    if seen.core is None or patient.visits[0].core is None:
        return {"tumour": whole}
    core = draw_region(true, seen.core, patient.medium, Scanner(), rng) & whole
    return {"enhancing": core, "oedema": whole & ~core}
