"""The parts of a case file beside the treatments: visits with images and segmentations, tissue, cellularity, visibility."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from twin.case.labels import PRESETS, SPELLINGS, Region, preset
from twin.case.totalsegmentator import organ_numbers
from twin.case.units import ROLES, UNIT_NEEDED, adc_in_mm2_per_s, tidy
from twin.case.written import Date, FilePath, Written, one_of, wrong
from twin.errors import DataRefused
from twin.patient import Cellularity, Visibility

Role = Literal["t1", "t1gd", "t2", "flair", "ct", "pet", "adc", "cell_fraction", "cell_count"]
"""What an image shows."""

Numbers = Annotated[
    tuple[int, ...],
    BeforeValidator(lambda v: v if isinstance(v, list | tuple) else (v,), json_schema_input_type=int | tuple[int, ...]),
]
"""One label number or several."""

RegionName = Annotated[
    Region, BeforeValidator(lambda v: SPELLINGS.get(v, v) if isinstance(v, str) else v, json_schema_input_type=str)
]
AdcValue = Annotated[float, BeforeValidator(adc_in_mm2_per_s, json_schema_input_type=str)]


class ImageEntry(Written):
    """One image: its file, and the unit of its numbers where they mean something."""

    file: FilePath
    """NIfTI (.nii.gz, .nii), NRRD or MetaImage."""
    unit: str | None = None
    """Unit of its numbers; needed for adc, cell_count and pet."""


def _image(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


Image = Annotated[ImageEntry, BeforeValidator(_image, json_schema_input_type=str | ImageEntry)]
"""An image by its file alone, or by file and unit."""


class SegmentationEntry(Written):
    """One label file. ``labels`` names its numbers (``{enhancing: 4, oedema: 2}``), or ``preset`` a published convention.

    ``ignore`` lists numbers that are not tumour. ``may_be_empty: true`` says that no tumour was seen at this visit.
    """

    file: FilePath
    """A label file; its numbers are whole."""
    labels: dict[RegionName, Numbers] | None = None
    """Region -> number or numbers: enhancing, necrosis, oedema, non_enhancing, cavity, tumour."""
    preset: str | None = None
    """A published convention: brats2021, brats2023, brats2024 or gliodil."""
    ignore: Numbers = ()
    """Numbers in the file that are not tumour."""
    may_be_empty: bool = False
    """true: no tumour was seen at this visit."""

    @field_validator("preset")
    @classmethod
    def _known(cls, value: str | None) -> str | None:
        if value is not None and value not in PRESETS:
            try:
                preset(value)
            except DataRefused as refused:
                raise wrong(refused.what, refused.why, refused.remedy) from None
        return value

    @model_validator(mode="after")
    def _named(self) -> SegmentationEntry:
        one_of(self, ("labels", "preset"))
        return self

    def numbers(self) -> dict[str, tuple[int, ...]]:
        """Region -> label numbers."""
        if self.preset is not None:
            return dict(preset(self.preset).labels)
        return {str(region): numbers for region, numbers in (self.labels or {}).items()}


class VisitEntry(Written):
    """One scan date."""

    day: float | None = None
    """Days since the baseline scan, which is day 0; a part of a day is a clock time."""
    date: Date | None = None
    """Date (YYYY-MM-DD), with a clock time if wanted; instead of the day, or beside it."""
    name: str | None = None
    """How reports call it."""
    images: dict[Role, Image] = Field(default_factory=dict)
    """By role: t1, t1gd, t2, flair, ct, pet, adc, cell_fraction, cell_count."""
    segmentations: tuple[SegmentationEntry, ...] = ()
    """One label file or several; regions of the same name are joined."""
    held_out: bool = False
    """true: kept from the calibration; the report shows how the forecast did on it."""
    alignment: str | None = None
    """How the scan was aligned before, for the report."""
    landmarks: tuple[tuple[float, float, float], ...] = ()
    """Places (x, y, z) in mm (LPS), the same ones in the same order at each visit: the registration's error is measured."""

    @field_validator("images")
    @classmethod
    def _units(cls, images: dict[Role, ImageEntry]) -> dict[Role, ImageEntry]:
        for role, entry in images.items():
            check_unit(role, entry.unit, entry.file)
        return images

    @model_validator(mode="after")
    def _something(self) -> VisitEntry:
        if self.day is None and self.date is None:
            raise ValueError("a visit has no time; write `day:` (days since the baseline scan) or `date:`")
        if not self.images and not self.segmentations:
            raise ValueError("a visit has no image and no segmentation; name at least one")
        return self

    def files(self) -> list[str]:
        return [e.file for e in self.images.values()] + [s.file for s in self.segmentations]


def check_unit(role: str, unit: str | None, file: str) -> None:
    """ValueError for a unit that is missing or does not belong to the role."""
    known = ROLES[role]
    if unit is None:
        if role in UNIT_NEEDED:
            raise wrong(
                f"{file} ({role}) has no unit.",
                "a unit is never guessed from the values: one outlier voxel would change every cell fraction",
                f"write for instance {role}: {{file: {file}, unit: {_usual(known)}}}; known: {', '.join(known)}",
            )
    elif known and tidy(unit) not in known:
        raise ValueError(f"the unit '{unit}' of {file} is not known for {role}; write one of {', '.join(known)}")


def _usual(units: dict[str, float]) -> str:
    return "1e-6 mm2/s" if "1e-6 mm2/s" in units else next(iter(units))


class TissueEntry(Written):
    """Where the tumour can grow, in one of four ways; the tissue named first is the one in which cells move fastest.

    ``mask``: one tissue, called ``name``. ``maps``: a probability map per tissue, of ``unit`` 0-1, percent or 0-255; tissue
    is where they sum to ``threshold``; a map called ``csf`` is wall. ``labels`` with ``names``: a label file. ``preset:
    mni152``: the template's white and grey matter, brought onto the patient's T1 by ``registration``. A ``mask`` beside maps
    or labels limits them; ``unlabelled`` says what tissue its voxels without a label are (often the tumour itself).
    """

    mask: FilePath | None = None
    """Non-zero where tissue is; outside is wall."""
    name: str = "tissue"
    """What the tissue of a lone mask is called."""
    maps: dict[str, FilePath] | None = None
    """Tissue -> probability map."""
    unit: str = "0-1"
    """Unit of the maps: 0-1, percent or 0-255."""
    threshold: float = Field(default=0.5, gt=0, le=1)
    """Tissue is where the maps sum to this or more."""
    labels: FilePath | None = None
    """A label file of tissues."""
    names: dict[str, Numbers] | None = None
    """Tissue -> number or numbers in the label file."""
    organs: tuple[str, ...] | None = None
    """With preset totalsegmentator2: liver, lung, kidney, pancreas, prostate, brain ..., any of its 117 classes."""
    preset: Literal["mni152", "totalsegmentator2"] | None = None
    """mni152: the template's white and grey matter; totalsegmentator2: the numbers of the label file."""
    registration: Literal["none", "rigid", "affine", "deformable"] = "none"
    """With preset mni152: how the template is brought onto the baseline's T1 (usually affine); none: they share a space."""
    unlabelled: str | None = None
    """What tissue the mask's voxels without a label are."""

    @model_validator(mode="after")
    def _fits(self) -> TissueEntry:
        self._check_labels()
        if self.preset == "mni152" and (self.maps or self.labels):
            raise ValueError("preset mni152 brings its own maps; leave out `maps` and `labels`")
        if not (self.mask or self.maps or self.labels or self.preset):
            raise ValueError("the tissue is not stated; name a `mask`, `maps`, `labels` or `preset: mni152`")
        if self.registration != "none" and self.preset != "mni152":
            raise ValueError("`registration` under tissue moves the template; write `preset: mni152` beside it")
        if self.maps is not None and not self.tissue_maps():
            raise ValueError("`maps` names no tissue but only walls; name white and grey beside csf")
        one_of(self, ("maps", "labels"), needed=False)
        if tidy(self.unit) not in ROLES["cell_fraction"]:
            raise ValueError(
                f"the unit '{self.unit}' of the maps is unknown; write one of {', '.join(ROLES['cell_fraction'])}"
            )
        return self

    def _check_labels(self) -> None:
        numbered = self.preset == "totalsegmentator2"
        if numbered and not self.organs:
            raise ValueError("preset totalsegmentator2 needs an organ; write for instance `organs: [liver]`")
        for organ in self.organs or ():
            try:
                organ_numbers(organ)
            except DataRefused as refused:
                raise ValueError(f"{refused.what}; {refused.remedy}") from None
        if self.labels is None and (self.names or numbered):
            raise ValueError("`names` and `organs` belong to a label file; name it under `labels`")
        if self.labels is not None and not (self.names or numbered):
            raise ValueError(
                "the numbers in the label file have no names; write for instance names: {fibroglandular: 2, adipose: 1}"
            )
        if self.unlabelled is not None and (self.unlabelled not in self.numbers() or self.mask is None):
            raise ValueError("`unlabelled` does not fit; write one of the tissues in `names`, and a `mask`")

    def numbers(self) -> dict[str, tuple[int, ...]]:
        """Tissue -> label numbers."""
        if self.preset == "totalsegmentator2":
            return {organ: organ_numbers(organ) for organ in self.organs or ()}
        return dict(self.names or {})

    def tissue_maps(self) -> dict[str, str]:
        """The maps of what a tumour grows in: all but csf."""
        return {name: file for name, file in (self.maps or {}).items() if name != "csf"}

    def files(self) -> list[str]:
        return [f for f in (self.mask, self.labels, *(self.maps or {}).values()) if f is not None]


class OrganEntry(Written):
    """One organ, eloquent region or target volume: the non-zero voxels of a mask, or ``labels`` in a label file."""

    file: FilePath
    """A mask or a label file, in the frame of the baseline scan."""
    labels: Numbers = ()
    """Its numbers in the file; default: every voxel that is not zero."""
    preset: Literal["totalsegmentator2"] | None = None
    """totalsegmentator2: the numbers that the organ's name has there (spinal cord, lung_left, bladder ...)."""


Organ = Annotated[OrganEntry, BeforeValidator(_image, json_schema_input_type=str | OrganEntry)]
"""An organ by its mask alone, or by a label file and its numbers."""


class CellularityEntry(Written):
    """How ADC and cell counts become a cell fraction (see twin.patient.Cellularity); ADC values carry their unit."""

    adc_water: AdcValue = Field(default_factory=lambda: 2.5e-3)
    """ADC without cells, with its unit (default 2.5e-3 mm2/s)."""
    adc_minimum: AdcValue = Field(default_factory=lambda: 0.0)
    """ADC at the carrying capacity, with its unit (default 0 mm2/s)."""
    theta_per_mm3: float | None = Field(default=None, gt=0)
    """Cells per mm3 at the carrying capacity (default 1.77e5)."""
    carrying_capacity_per_voxel: float | None = Field(default=None, gt=0)
    """The same per voxel of the cell_count image."""
    pet_background: float | None = Field(default=None, ge=0)
    """Uptake of normal tissue, in the unit of the PET images; with pet_capacity, PET shows cells."""
    pet_capacity: float | None = Field(default=None, gt=0)
    """Uptake at the carrying capacity, in the same unit."""

    @model_validator(mode="after")
    def _fits(self) -> CellularityEntry:
        one_of(self, ("theta_per_mm3", "carrying_capacity_per_voxel"), needed=False)
        if (self.pet_background is None) != (self.pet_capacity is None):
            raise ValueError("pet_background and pet_capacity belong together; give both, or neither")
        if self.pet_capacity is not None and self.pet_capacity <= (self.pet_background or 0.0):
            raise ValueError("pet_capacity is not larger than pet_background; tumour takes up more than normal tissue")
        if self.adc_water <= self.adc_minimum:
            raise ValueError("adc_water is not larger than adc_minimum; free water, where no cells are, has the largest ADC")
        return self

    def build(self, voxel_mm3: float | None) -> Cellularity:
        """``voxel_mm3``: the volume of the voxels to which a capacity per voxel refers."""
        theta = self.theta_per_mm3 or Cellularity().theta_per_mm3
        if self.carrying_capacity_per_voxel is not None:
            if voxel_mm3 is None:
                raise DataRefused(
                    "A carrying capacity per voxel needs an image of cell counts to say which voxels.",
                    where="cellularity, carrying_capacity_per_voxel",
                    remedy="give theta_per_mm3 instead",
                )
            theta = self.carrying_capacity_per_voxel / voxel_mm3
        return Cellularity(self.adc_water, self.adc_minimum, theta, self.pet_background, self.pet_capacity)


class VisibilityEntry(Written):
    """Cell fractions above which tissue is seen as core and as whole lesion; null: no level set of the cell fraction."""

    core: float | None = Field(default=0.80, gt=0, le=1)
    """Seen as core (T1-Gd) above this cell fraction."""
    whole: float | None = Field(default=0.16, gt=0, le=1)
    """Seen as whole lesion (T2-FLAIR) above this cell fraction."""

    def build(self) -> Visibility:
        return Visibility(self.core, self.whole)
