"""The patient: visits on one grid, the tissue they lie in, the treatments given."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import xarray as xr

from twin.errors import DataRefused
from twin.fields import crop_field
from twin.grid import Box, Grid
from twin.medium import Medium
from twin.treatment import Plan

CORE = ("enhancing", "necrosis")
"""Regions that together make the tumour core (T1-Gd)."""

WHOLE = (*CORE, "oedema", "non_enhancing", "tumour")
"""Regions that together make the whole lesion as seen (T2-FLAIR, or the only label there is)."""


@dataclass(frozen=True)
class Cellularity:
    """How images of this patient become a cell fraction.

    ADC: u = (water - ADC) / (water - minimum), clipped to [0, 1] (mm2/s). Counts: u = cells / ``theta_per_mm3`` / voxel
    volume. Jarrett et al. 2021, Nat Protoc 16:5309. PET: u = (uptake - background) / (capacity - background), in the
    images' own unit, where both are given.
    """

    adc_water_mm2_per_s: float = 2.5e-3
    adc_minimum_mm2_per_s: float = 0.0
    theta_per_mm3: float = 1.77e5
    pet_background: float | None = None
    pet_capacity: float | None = None


@dataclass(frozen=True)
class Visibility:
    """Cell fractions above which tissue is seen as core (T1-Gd) and as whole lesion (T2-FLAIR): 0.80 and 0.16 of the
    carrying capacity, Swanson et al. 2008, Br J Cancer 98:113. None: that region is no level set of the cell fraction."""

    core: float | None = 0.80
    whole: float | None = 0.16

    @property
    def threshold(self) -> float:
        """The cell fraction above which a voxel is counted as visible tumour: ``whole``, or 0.10 where that is None."""
        return 0.10 if self.whole is None else self.whole


@dataclass(frozen=True)
class Visit:
    """One scan date. Every array lies on the patient's grid.

    ``images``: role -> field with its unit ("adc" in mm2/s, "cell_fraction" in 1, "t1", "t1gd", "t2", "flair").
    ``regions``: name -> bool (z, y, x). ``held_out`` visits are not shown to the calibration.
    """

    day: float
    name: str
    images: Mapping[str, xr.DataArray] = field(repr=False, default_factory=dict)
    regions: Mapping[str, np.ndarray] = field(repr=False, default_factory=dict)
    date: datetime.date | None = None
    held_out: bool = False
    alignment: str = "on the baseline grid as given"

    def union(self, names: tuple[str, ...]) -> np.ndarray | None:
        """The union of the named regions that this visit has, or None."""
        found = [self.regions[n] for n in names if n in self.regions]
        return np.logical_or.reduce(found) if found else None

    @property
    def core(self) -> np.ndarray | None:
        return self.union(CORE)

    @property
    def whole(self) -> np.ndarray | None:
        return self.union(WHOLE)

    def crop(self, box: Box) -> Visit:
        images = {role: crop_field(image, box) for role, image in self.images.items()}
        return replace(self, images=images, regions={n: np.ascontiguousarray(r[box]) for n, r in self.regions.items()})


@dataclass(frozen=True)
class Patient:
    """A patient ready for modelling: all visits on ``medium.grid``, ordered by day, the first on day 0.

    ``treatments`` are those given (or firmly scheduled), from day 0 to the last visit and beyond. ``anatomy`` is the image
    beneath every picture. ``notes`` tell the reader of the report what was done to the data and what is doubtful.
    ``organs``: name -> bool (z, y, x), organs at risk, eloquent regions and target volumes; the model does not see them.
    ``identity``: salted digests of the DICOM study that the scans came from (twin.imaging.dicom.identity); empty if none.
    """

    name: str
    site: str
    medium: Medium = field(repr=False)
    visits: tuple[Visit, ...] = field(repr=False)
    treatments: Plan = Plan()
    cellularity: Cellularity = Cellularity()
    visibility: Visibility = Visibility()
    anatomy: xr.DataArray | None = field(default=None, repr=False)
    first_weekday: int = 0
    notes: tuple[str, ...] = ()
    organs: Mapping[str, np.ndarray] = field(repr=False, default_factory=dict)
    identity: Mapping[str, tuple[str, ...]] = field(repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        days = [v.day for v in self.visits]
        if not days or days[0] != 0 or any(a >= b for a, b in itertools.pairwise(days)):
            raise DataRefused(
                f"The visits are on days {days}; they must start on day 0 and increase.",
                where="visits",
                why="growth is learnt from the change between one scan and the next",
                remedy="order the visits by date; two scans of one day are one visit",
            )

    @property
    def grid(self) -> Grid:
        return self.medium.grid

    @property
    def seen(self) -> tuple[Visit, ...]:
        """The visits that a calibration may use."""
        return tuple(v for v in self.visits if not v.held_out)

    @property
    def held_out(self) -> tuple[Visit, ...]:
        return tuple(v for v in self.visits if v.held_out)

    def crop(self, box: Box) -> Patient:
        """The same patient inside a box of voxels."""
        anatomy = None if self.anatomy is None else crop_field(self.anatomy, box)
        return replace(
            self,
            medium=self.medium.crop(box),
            visits=tuple(v.crop(box) for v in self.visits),
            treatments=self.treatments.crop(box),
            anatomy=anatomy,
            organs={name: np.ascontiguousarray(mask[box]) for name, mask in self.organs.items()},
        )
