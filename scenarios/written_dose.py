"""Where the dose of a course goes, as people write it: a file, or a synthetic map around the lesion."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Discriminator, Field, Tag, ValidationInfo, field_validator

from scenarios.door import Written
from scenarios.dose import SYNTHETIC
from scenarios.written_resection import Lesions, away_mm
from twin.errors import DataRefused

HITS = 0.5
"""Relative dose that the lesion must reach somewhere; a map that stays below it everywhere in the lesion misses it."""

COVERED = 0.5
"""Share of the lesion that a dose file must cover at least."""

PARTIAL = ("BEAM", "BRACHY", "FRACTION", "BEAM_SESSION", "BRACHY_SESSION", "CONTROL_POINT")
"""Summation types of RTDOSE that are a part of a plan (PS3.3 C.8.8.3)."""


class DoseFile(Written):
    """``{file: dose.nii.gz, unit: Gy}``: a NIfTI (or NRRD, MetaImage) or RTDOSE file on any grid of the patient's frame.

    ``unit`` Gy: the dose of the whole course; relative: 1 is the prescribed dose. The path is relative to the study file.
    """

    file: str = Field(min_length=1)
    unit: Literal["Gy", "relative"]

    @field_validator("file")
    @classmethod
    def _beside_the_study(cls, value: str, info: ValidationInfo) -> str:
        return str(Path((info.context or {}).get("folder", ".")) / value)

    def relative(self, prescribed_gy: float, lesions: Lesions) -> tuple[np.ndarray, str]:
        """The dose in units of the prescribed one on the patient's grid (z, y, x), and where it comes from in words."""
        from twin.imaging.resample import coverage, resample

        image, name = self._read(), Path(self.file).name
        lesion = lesions.target("whole")
        if lesion is not None and coverage(image.grid, lesions.grid, lesion) < COVERED:
            raise _missed(name, "the file ends before the lesion")
        values = resample(image, lesions.grid).astype(np.float32) / np.float32(prescribed_gy if self.unit == "Gy" else 1.0)
        if values.min() < 0 or not 0.2 <= values.max() <= 3:
            raise DataRefused(
                f"The dose in {name} is {values.min():.3g} to {values.max():.3g} times the prescribed {prescribed_gy:g} Gy.",
                where=name,
                why="every fraction is scaled by this map",
                remedy="check its unit (planning systems also export cGy, or the dose of one fraction) and its course",
            )
        if lesion is not None and values[lesion].max() < HITS:
            raise _missed(name, f"the largest dose in the lesion is {values[lesion].max():.2g} of the prescribed one")
        return values, f"dose map {name}"

    def _read(self):
        from twin.imaging.dicom.dose import read_dose
        from twin.imaging.dicom.file import Source, is_dicom
        from twin.imaging.image import Image
        from twin.imaging.read import read_image

        path = Path(self.file)
        if not is_dicom(path):
            return read_image(path, path.name)
        if self.unit != "Gy":
            raise DataRefused(f"{path.name} is an RTDOSE file, in Gy.", where=path.name, remedy="write 'unit: Gy'")
        dose = read_dose(Source(path, path.name))
        if dose.summation in PARTIAL:
            raise DataRefused(
                f"{path.name} holds the dose of one {dose.summation.lower()}, not that of the plan.",
                where=path.name,
                why="the whole course would be simulated with a part of its dose",
                remedy="export the dose of the plan (summation type PLAN) as one file",
            )
        return Image(dose.gy, dose.grid, path.name)


class DoseAround(Written):
    """``{target: core, margin_mm: 20, fall_off_mm: 6}``: a synthetic dose. Prescribed to the lesion of the last scan (its
    core, or the whole lesion) and ``margin_mm`` around it; beyond, it halves every ``fall_off_mm``.

    relative(d) = 1 for d <= margin, else 0.5 ** ((d - margin) / fall_off), d the distance from the lesion in mm. This is a
    plain assumption in place of a plan: no beams, no tissue, no set-up error.
    """

    margin_mm: float = Field(ge=0, le=60)
    target: Literal["core", "whole"] = "core"
    fall_off_mm: float = Field(default=6.0, gt=0, le=60)

    def relative(self, prescribed_gy: float, lesions: Lesions) -> tuple[np.ndarray, str]:
        """As :meth:`DoseFile.relative`; the words say that the map is synthetic."""
        mask = lesions.target(self.target)
        if mask is None:
            raise DataRefused(
                "There is no segmentation to draw a dose around.",
                where="dose",
                remedy="segment the lesion on the last scan before the decision, or give a dose file",
            )
        beyond = np.maximum(away_mm(mask, lesions.grid) - self.margin_mm, 0.0)
        words = f"{SYNTHETIC}: {lesions.taken(self.target)} + {self.margin_mm:g} mm, halved every {self.fall_off_mm:g} mm"
        return (0.5 ** (beyond / self.fall_off_mm)).astype(np.float32), words


def _kind(value: Any) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    return "file" if "file" in keys else "around"


WrittenDose = Annotated[Annotated[DoseFile, Tag("file")] | Annotated[DoseAround, Tag("around")], Discriminator(_kind)]


def _missed(name: str, how: str) -> DataRefused:
    return DataRefused(
        f"The dose map {name} misses the tumour: {how}.",
        where=name,
        why="the course would be simulated as if almost nothing had been given",
        remedy="check that the map belongs to this patient and lies in the frame of the baseline scan",
    )
