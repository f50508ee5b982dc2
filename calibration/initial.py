"""The state on the day of the first scan, as far as that scan tells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.ndimage import distance_transform_edt

from calibration import front
from calibration.denoise import front_smooth
from calibration.front import TYPICAL_LENGTH_MM
from calibration.observation import adc, diameter
from calibration.observation.fraction import kind_of, observed_fraction, voxel_noise
from calibration.travel import travel_mm
from twin.errors import DataRefused
from twin.fields import bounding_box
from twin.grid import Box
from twin.medium import Medium
from twin.parameter import Parameter, Prior, declared, parameter
from twin.patient import Patient, Visit

SMOOTHING_MM, SMOOTHING_VOXELS = 1.2, 0.45
"""Width of the filter over the first cell fraction, and its least width in voxels, at a voxel noise of 0.05; a fifth of the
noise is left. The best width of a local plane in space goes with noise^(2/7) (Fan & Gijbels 1996, chapter 3)."""

REACH_MM = 25.0
"""Cells are placed up to this far beyond the visible border: about one cell in a million there."""

SLOW_TISSUE = 0.15
"""Mobility of the other tissues for travel distances beyond the border (the prior median of the models)."""


@dataclass(frozen=True)
class FirstScan:
    """What the first scan leaves open, as parameters of their own: the fit may change them within their priors."""

    front_factor: float = parameter(
        1.0,
        symbol="kappa",
        unit="1",
        low=0.3,
        high=3.0,
        prior=Prior(1.0, 0.1),
        description="width of the invisible margin on day 0, relative to what virtual patients have",
        source="virtual tumours of 4-35 mL on 1, 2 and 3 mm voxels: spread 0.08 about calibration.front.margin_mm",
    )
    first_adc_scale: float = parameter(
        1.0,
        symbol="s0",
        unit="1",
        low=0.85,
        high=1.15,
        prior=Prior(1.0, adc.REPEATABILITY),
        description="scale error of the first scan's ADC",
        source="QIBA profile for diffusion imaging: 95 % of repeated brain scans lie within 8 %",
    )


@dataclass(frozen=True)
class InitialState:
    """Everything about the first scan that does not depend on the candidate; :meth:`state` adds what does.

    ``radius_mm``: of the ball that is as large as the lesion. ``inside``: flat voxel indices (in ``box``) of the visible
    lesion with their cell fraction ``value`` (from an image) or their place on a front (``place``, from masks alone).
    ``outside``: voxels beyond it, with the cell fraction at the nearest border (``edge``) and the travel distance to it
    (``distance_mm``).
    """

    shape: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    box: Box
    radius_mm: float
    inside: np.ndarray = field(repr=False)
    value: np.ndarray | None = field(repr=False)
    place: np.ndarray = field(repr=False)
    depth_mm: np.ndarray = field(repr=False)
    outside: np.ndarray = field(repr=False)
    edge: np.ndarray = field(repr=False)
    distance_mm: np.ndarray = field(repr=False)
    adc_gain: float | None
    free: tuple[Parameter, ...] = ()

    def state(self, values: Mapping[str, float], real: type = np.float32) -> np.ndarray:
        """Cell fraction (z, y, x) for a candidate's values by name; ``real`` is the kind of its numbers."""
        length = float(front.resolved(np.array(self.length_mm(values)), self.spacing_mm))
        cut: np.ndarray = np.zeros([s.stop - s.start for s in self.box], real)
        flat = cut.reshape(-1)
        flat[self.inside] = self._inside(values, length, real)
        if self.outside.size:
            places = front.position(np.clip(self._rescaled(self.edge.astype(real), values), 0.005, 0.95))
            flat[self.outside] = front.profile(places + self.distance_mm / length)
        out: np.ndarray = np.zeros(self.shape, real)
        out[self.box] = cut
        return out

    @property
    def mask(self) -> np.ndarray:
        """The visible lesion, bool (z, y, x)."""
        out = np.zeros(self.shape, bool)
        cut = np.zeros([s.stop - s.start for s in self.box], bool)
        cut.reshape(-1)[self.inside] = True
        out[self.box] = cut
        return out

    def length_mm(self, values: Mapping[str, float]) -> float:
        """Width of the margin: ``front_factor`` times :func:`calibration.front.margin_mm` of the candidate's front."""
        own = front.margin_mm(front.length_mm(values), float(np.mean(self.spacing_mm)), self.radius_mm)
        return float(np.clip(own * values.get("front_factor", 1.0), 0.2, 8.0))

    def _inside(self, values: Mapping[str, float], length: float, real: type) -> np.ndarray:
        if self.value is None:
            return front.profile(self.place - self.depth_mm / length)
        return np.clip(self._rescaled(self.value.astype(real), values), 0.0, 1.0)

    def _rescaled(self, u: np.ndarray, values: Mapping[str, float]) -> np.ndarray:
        """u of ADC / scale, where ``adc_gain`` = water / (water - minimum)."""
        scale = values.get("first_adc_scale", 1.0)
        if self.adc_gain is None or scale == 1.0:
            return u
        return u / scale + self.adc_gain * (1.0 - 1.0 / scale)


def initial_state(patient: Patient) -> InitialState:
    """Read the first visit. Raises DataRefused where it shows no tumour."""
    visit, grid = patient.visits[0], patient.grid
    mask = _lesion(patient, visit)
    margin = tuple(int(np.ceil(REACH_MM / h)) for h in grid.spacing_mm)
    box = bounding_box(mask, margin)  # type: ignore[arg-type]
    medium, cut = patient.medium.crop(box), np.ascontiguousarray(mask[box])
    spreads = patient.visibility.whole is not None
    u = _fraction(patient, visit, box, cut)
    place, depth = _places(visit.crop(box), cut, patient)
    seen = u if u is not None else front.profile(place - depth / TYPICAL_LENGTH_MM)
    distance, edge = travel_mm(cut, _slowness(medium), grid.spacing_mm, seen)
    beyond = (distance < REACH_MM) & ~cut & medium.domain & spreads
    is_adc = u is not None and kind_of(patient, visit) == "adc"
    return InitialState(
        shape=grid.shape,
        spacing_mm=grid.spacing_mm,
        box=box,
        radius_mm=float(diameter.to_diameter(mask.sum() * grid.voxel_ml)) / 2,
        inside=np.flatnonzero(cut),
        value=None if u is None else u[cut],
        place=place[cut],
        depth_mm=depth[cut],
        outside=np.flatnonzero(beyond),
        edge=edge[beyond],
        distance_mm=distance[beyond],
        adc_gain=_gain(patient) if is_adc else None,
        free=_free(is_adc, spreads),
    )


def _lesion(patient: Patient, visit: Visit) -> np.ndarray:
    """The visible lesion in tissue: the segmentation, or where none was drawn what the cell fraction shows."""
    mask = visit.whole
    if mask is None:
        observed = observed_fraction(patient, visit)
        mask = None if observed is None else np.nan_to_num(observed) > patient.visibility.threshold
    if mask is None or not (mask & patient.medium.domain).any():
        raise DataRefused(
            "The first visit shows no tumour.",
            where=f"visit '{visit.name}' (day {visit.day:g})",
            why="the forecast starts from what that scan shows",
            remedy="give a segmentation of the lesion, or take the first scan that shows it as the baseline",
        )
    return mask & patient.medium.domain


def _fraction(patient: Patient, visit: Visit, box: Box, mask: np.ndarray) -> np.ndarray | None:
    """The cell fraction in ``box``, None without an image of it. Its noise is taken out where the lesion has fronts; where
    it has an edge of its own the model's diffusion averages the noise well enough (and a filter would blur the edge)."""
    observed = observed_fraction(patient, visit)
    if observed is None:
        return None
    u = np.nan_to_num(observed[box])
    if patient.visibility.whole is not None:
        tight, spacing = bounding_box(mask, 1), patient.grid.spacing_mm
        noise = voxel_noise(u, mask) / adc.VOXEL_NOISE
        width = max(SMOOTHING_MM, SMOOTHING_VOXELS * min(spacing)) * min(noise, 3.0) ** (2 / 7)
        u[tight] = front_smooth(u[tight], mask[tight], spacing, width)
    return u


def _slowness(medium: Medium) -> np.ndarray:
    """How much shorter a front is in a voxel's tissue than in the fastest one; 0 in walls."""
    parts = list(medium.fractions.values())
    mobility = np.maximum(parts[0] + SLOW_TISSUE * sum(parts[1:], start=np.float32(0)), 0.05)
    spacing = medium.grid.spacing_mm
    own = front.resolved(TYPICAL_LENGTH_MM * np.sqrt(mobility), spacing)
    return np.where(medium.domain, front.resolved(np.array(TYPICAL_LENGTH_MM), spacing) / own, 0.0)


def _places(visit: Visit, mask: np.ndarray, patient: Patient) -> tuple[np.ndarray, np.ndarray]:
    """Place on a front and further depth (mm) of each voxel, from the masks: the borders lie at their thresholds."""
    spacing = patient.grid.spacing_mm
    whole = float(front.position(np.array(patient.visibility.threshold)))
    depth = distance_transform_edt(mask, spacing)
    core = visit.core
    if patient.visibility.core is None or core is None or not (core & mask).any():
        return np.full(mask.shape, whole), depth
    inner = float(front.position(np.array(patient.visibility.core)))
    to_core = distance_transform_edt(~(core & mask), spacing)
    share = depth / np.maximum(depth + to_core, 1e-9)
    return np.where(core, inner, whole + (inner - whole) * share), np.where(
        core, distance_transform_edt(core & mask, spacing), 0.0
    )


def _gain(patient: Patient) -> float:
    water, minimum = patient.cellularity.adc_water_mm2_per_s, patient.cellularity.adc_minimum_mm2_per_s
    return water / (water - minimum)


def _free(is_adc: bool, spreads: bool) -> tuple[Parameter, ...]:
    wanted = {"front_factor": spreads, "first_adc_scale": is_adc}
    return tuple(p for p in declared(FirstScan) if wanted[p.name])
