"""One visit of a case: its images in canonical units and its segmentations by name, on the patient's grid."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr

from twin.case.files import Files, whole_numbers
from twin.case.geometry import mismatched, scaled
from twin.case.labels import matching
from twin.case.parts import ImageEntry, SegmentationEntry, VisitEntry
from twin.case.problems import Problems
from twin.case.units import ROLES, SHARE, tidy
from twin.errors import DataRefused
from twin.fields import field as labelled
from twin.grid import Grid
from twin.imaging.bias import correct_bias
from twin.imaging.image import Image
from twin.imaging.resample import coverage, resample, resample_density, share_inside
from twin.medium import Medium
from twin.patient import WHOLE, Cellularity

UNITS = {"adc": "mm2/s", "cell_fraction": "1", "cell_count": "1", "ct": "HU"}
"""Units in the house, by role; other roles keep what was declared."""

COILS = ("t1", "t1gd", "t2", "flair")
"""Roles whose brightness a coil changes from place to place, and whose numbers have no unit."""

CELLS = ("cell_fraction", "cell_count")

WATER_LIKE = 4.5e-3
"""No tissue has a larger ADC (mm2/s); free water at body temperature has 3e-3."""


@dataclass
class Placing:
    """Where the visits are brought to, and what is needed on the way.

    ``transform``: baseline points -> visit points; ``inverse`` takes them back. ``unbias``: MR images lose their bias field.
    """

    files: Files
    grid: Grid
    medium: Medium
    cellularity: Cellularity
    problems: Problems
    unbias: bool = False
    notes: list[str] = field(default_factory=list)
    transform: Any = None
    inverse: Any = None
    even: dict[str, Image] = field(default_factory=dict)
    resampled: set[tuple[float, float, float]] = field(default_factory=set)

    def next_visit(self) -> None:
        """Forget the motion of the visit before."""
        self.transform = self.inverse = None
        self.resampled, self.even = set(), {}

    def on_grid(self, image: Image, *, labels: bool = False, cells: bool = False, outside: float = 0.0) -> np.ndarray:
        if self.transform is not None or not image.grid.same_as(self.grid):
            self.resampled.add(image.grid.spacing_mm)
        if cells:
            return resample_density(image, self.grid, transform=self.transform, inverse=self.inverse)
        return resample(image, self.grid, labels=labels, outside=outside, transform=self.transform)


def read_images(entry: VisitEntry, words: str, placing: Placing) -> dict[str, xr.DataArray]:
    """Role -> image; cell counts become the role "cell_fraction". ``words`` names the visit in messages."""
    images: dict[str, xr.DataArray] = {}
    for role, image in entry.images.items():
        with placing.problems.gather(f"{words}, {role}: {image.file}"):
            name = "cell_fraction" if role == "cell_count" else role
            images[name] = _image(role, image, words, placing)
    return images


def _image(role: str, entry: ImageEntry, words: str, placing: Placing) -> xr.DataArray:
    image = corrected(role, placing.files.read(entry.file), placing)
    check_overlap(image, words, placing)
    unit = tidy(entry.unit) if entry.unit else ""
    values = _canonical(role, unit, image, placing)
    if role in CELLS:
        _check_fraction(values, role, entry, words, placing)
        values = np.clip(values, 0, 1, dtype=values.dtype)
    outside = placing.cellularity.adc_water_mm2_per_s if role == "adc" else 0.0
    values = placing.on_grid(Image(values, image.grid, image.source), cells=role in CELLS, outside=outside)
    if role == "adc":
        _check_adc(values, entry, placing.medium)
    if role in CELLS:
        values = np.minimum(values, 1, dtype=values.dtype)
    return labelled(np.ascontiguousarray(values), placing.grid, UNITS.get(role, entry.unit or "1"))


def corrected(role: str, image: Image, placing: Placing) -> Image:
    """An MR image without its bias field where the case asks for that; each image of a visit once."""
    if not placing.unbias or role not in COILS:
        return image
    if image.source not in placing.even:
        placing.even[image.source] = correct_bias(image)
    return placing.even[image.source]


def _canonical(role: str, unit: str, image: Image, placing: Placing) -> np.ndarray:
    """The values in the house's unit, on their own grid."""
    if role == "cell_count":
        per_mm3 = image.grid.voxel_ml * 1000 if unit == "cells/voxel" else 1.0
        return scaled(image.values, 1.0 / (placing.cellularity.theta_per_mm3 * per_mm3))
    if role == "cell_fraction":
        return scaled(image.values, SHARE[unit or "1"])
    return scaled(image.values, ROLES[role][unit]) if unit and ROLES[role] else image.values


def _check_adc(values: np.ndarray, entry: ImageEntry, medium: Medium) -> None:
    inside = values[medium.domain & (values > 0)]
    if inside.size == 0:
        raise DataRefused(f"{entry.file} is zero everywhere in the tissue.", remedy="check that it is the ADC map")
    middle = float(np.median(inside))
    if not 5e-5 < middle < WATER_LIKE:
        raise DataRefused(
            f"With the unit {entry.unit}, the median ADC of {entry.file} in the tissue is {middle:.3g} mm2/s.",
            why="tissue has 0.5e-3 to 2e-3 mm2/s, free water 3e-3: the unit is wrong, and cells would be misjudged",
            remedy="look up the unit of the export and declare it (scanners often write 1e-6 mm2/s)",
        )


def _check_fraction(values: np.ndarray, role: str, entry: ImageEntry, words: str, placing: Placing) -> None:
    top, low = float(values.max()), float(values.min())
    if top > (2.0 if role == "cell_count" else 1.001) or low < -1e-3:
        raise DataRefused(
            f"{entry.file} gives cell fractions from {low:.3g} to {top:.3g}; they must lie between 0 and 1.",
            why="a voxel cannot hold more cells than its carrying capacity",
            remedy="check the unit, and theta_per_mm3 or carrying_capacity_per_voxel under cellularity",
        )
    above = int(np.count_nonzero(values > 1))
    if above and role == "cell_count":
        placing.notes.append(f"{words}: {above} voxels above the carrying capacity (up to {top:.2f}) were set to it.")


def check_overlap(image: Image, words: str, placing: Placing) -> None:
    """Refuse an image that hardly covers the tissue's place; a hint where a part is missing."""
    if placing.transform is None and image.grid.same_as(placing.grid):
        return
    share = coverage(image.grid, placing.grid, placing.medium.domain, placing.transform)
    if share < 0.05:
        raise mismatched(image.source, "the tissue of the baseline scan", 100 * share, f"{words}: {image.source}")
    if share < 0.95:
        placing.problems.hint(f"{words}: {image.source} covers {100 * share:.0f} % of the tissue; the rest is filled.")


def read_regions(entry: VisitEntry, words: str, placing: Placing) -> dict[str, np.ndarray]:
    """Region -> bool mask; every file's numbers must be named."""
    regions: dict[str, np.ndarray] = {}
    for segmentation in entry.segmentations:
        with placing.problems.gather(f"{words}, segmentation: {segmentation.file}"):
            for name, mask in _regions(segmentation, words, placing).items():
                regions[name] = regions[name] | mask if name in regions else mask
    return regions


def _regions(entry: SegmentationEntry, words: str, placing: Placing) -> Mapping[str, np.ndarray]:
    image = whole_numbers(placing.files.read(entry.file))
    check_overlap(image, words, placing)
    _check_numbers(image, entry)
    values = placing.on_grid(image, labels=True)
    regions = {name: np.isin(values, group) for name, group in entry.numbers().items()}
    wanted = [n for name, group in entry.numbers().items() if name in WHOLE for n in group]
    if wanted:
        tumour = np.isin(image.values, wanted)
        _check_not_empty(entry, bool(tumour.any()))
        _check_inside(entry, tumour, image.grid, words, placing)
    return regions


def _check_numbers(image: Image, entry: SegmentationEntry) -> None:
    present = {int(n) for n in np.unique(image.values)} - {0}
    named = {n for group in entry.numbers().values() for n in group} | set(entry.ignore)
    unnamed = sorted(present - named)
    if not unnamed:
        return
    fitting = [name for name in matching(present) if name != entry.preset]
    instead = f"; these numbers would fit preset {' or '.join(fitting)}" if fitting else ""
    raise DataRefused(
        f"{entry.file} holds the label {', '.join(map(str, unnamed))}, which the case does not name.",
        why='numbers mean different things in different conventions ("4" is enhancing tumour, a cavity or necrosis)',
        remedy=f"name it under `labels:`, or list it under `ignore:`{instead}",
    )


def _check_not_empty(entry: SegmentationEntry, found: bool) -> None:
    if found or entry.may_be_empty:
        return
    raise DataRefused(
        f"The segmentation {entry.file} is empty.",
        why="an empty file is more often a failed export than a tumour gone",
        remedy="check the export; if nothing was visible there, write `may_be_empty: true` beside it",
    )


def check_tumour_seen(regions: Mapping[str, np.ndarray], images: Mapping[str, xr.DataArray], words: str) -> None:
    """Refuse a baseline on which no tumour is seen."""
    if any(mask.any() for name, mask in regions.items() if name in WHOLE):
        return
    if not regions and "adc" in images:
        return
    raise DataRefused(
        "No tumour is seen on the baseline scan.",
        where=words,
        why="there is nothing to start from",
        remedy="name a segmentation or a cell fraction for the first visit, or start from the scan that shows it",
    )


def _check_inside(entry: SegmentationEntry, tumour: np.ndarray, grid: Grid, words: str, placing: Placing) -> None:
    if not tumour.any():
        return
    outside = 1 - share_inside(tumour, grid, placing.medium.domain, placing.grid, placing.inverse)
    if outside > 0.5:
        raise DataRefused(
            f"{100 * outside:.0f} % of the segmentation {entry.file} lies outside the tissue.",
            why="cells in a wall (CSF, skull, outside the organ) can neither grow nor leave",
            remedy="check that segmentation and tissue belong to the same scan and frame (often left and right, "
            "or a shifted origin); widen the mask if it cuts the tumour out, or use `unlabelled:` under tissue",
        )
    if outside > 0.05:
        placing.problems.hint(
            f"{words}: {100 * outside:.0f} % of {entry.file} lies outside the tissue and cannot grow there."
        )
