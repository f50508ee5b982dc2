"""The case file as a whole, and its JSON Schema."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from pydantic import Field

from twin.case.courses import WrittenCourse, WrittenDrug, WrittenRadiotherapy, WrittenResection
from twin.case.parts import CellularityEntry, Organ, TissueEntry, VisibilityEntry, VisitEntry
from twin.case.written import WEEKDAYS, Calendar, Date, FilePath, Written, date_of

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class CaseFile(Written):
    """A patient folder as written by hand (``case.yaml``). Paths are relative to the file."""

    patient: str
    """An invented name; never a name, number or birth date of a person."""
    site: str = "brain"
    """Where the tumour is: brain, breast, liver, lung, prostate ..."""
    visits: tuple[VisitEntry, ...] = Field(min_length=1)
    """Scans in order; the first is day 0, the baseline."""
    tissue: TissueEntry
    """Where the tumour can grow."""
    cellularity: CellularityEntry = Field(default_factory=CellularityEntry)
    """How images become a cell fraction."""
    visibility: VisibilityEntry = Field(default_factory=VisibilityEntry)
    """From which cell fraction on tissue is seen as tumour."""
    organs: dict[str, Organ] = Field(default_factory=dict)
    """Organs at risk, eloquent regions and target volumes by name: a mask, or numbers in a label file."""
    treatments: tuple[WrittenCourse, ...] = ()
    """What was given, or is firmly scheduled."""
    day0: Date | None = None
    """Date of the baseline scan, where visits are given by day and treatments by date."""
    first_weekday: Weekday | None = None
    """Weekday of day 0, where no date is given (default monday)."""
    registration: Literal["none", "rigid", "affine", "deformable"] = "none"
    """Each scan is moved onto the baseline scan by an image that both have; the tumour is left out of the comparison."""
    bias_correction: Literal["none", "n4"] = "none"
    """n4: the slow change of brightness that a coil leaves is divided out of t1, t1gd, t2 and flair."""
    anatomy: FilePath | None = None
    """Image beneath every picture; default: an image of the first visit."""
    crop: bool = True
    """Keep only the box around the tissue."""
    straighten_directions: bool = False
    """true: images with sheared axes are read with the nearest rotation."""
    labels_checked: bool = False
    """true: labels that contradict the images (a cavity that enhances, a lesion that changes sides) were looked at."""
    markers: dict[str, str | float] = Field(default_factory=dict)
    """Genomics and laboratory values that move priors: {idh: mutant, mgmt: methylated, ki67_percent: 25}."""
    identity: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Salted digests of the DICOM study, as an import in hospital mode writes them; `oncotwin export` compares them."""
    notes: tuple[str, ...] = ()
    """Remarks that the report repeats."""

    def calendar(self) -> Calendar:
        """Day 0 from ``day0`` or the first visit's date."""
        first = self.visits[0]
        day0 = self.day0
        if day0 is None and first.date is not None:
            day0 = first.date - datetime.timedelta(days=first.day or 0)
        if day0 is not None:
            return Calendar(day0, date_of(day0).weekday())
        return Calendar(None, WEEKDAYS.index(self.first_weekday or "monday"))

    def files(self) -> dict[str, str]:
        """Every file named, each once and in order, with what it is named for."""
        named: dict[str, str] = {}
        for number, visit in enumerate(self.visits, start=1):
            named |= {e.file: f"visit {number}, {role}" for role, e in visit.images.items()}
            named |= {s.file: f"visit {number}, segmentation" for s in visit.segmentations}
        named |= dict.fromkeys(self.tissue.files(), "tissue")
        named |= {organ.file: f"organs, {name}" for name, organ in self.organs.items()}
        for course in self.treatments:
            if isinstance(course, WrittenResection):
                named[course.resection] = "resection"
            elif isinstance(course, WrittenRadiotherapy) and course.dose_map is not None:
                named[course.dose_map.file] = "dose map"
        return named | ({self.anatomy: "anatomy"} if self.anatomy else {})

    def unmodelled(self) -> list[str]:
        """Drugs that are listed but whose effect is not computed."""
        return sorted({c.drug for c in self.treatments if isinstance(c, WrittenDrug) and not c.modelled})


def schema_json() -> dict[str, Any]:
    """The JSON Schema of ``case.yaml``, with which an editor completes and checks while typing."""
    return CaseFile.model_json_schema()
