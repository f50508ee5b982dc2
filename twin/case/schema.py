"""The case file as a whole, and its JSON Schema."""

from __future__ import annotations

import datetime
from typing import Any, Literal

from pydantic import Field

from twin.case.courses import WrittenCourse, WrittenDrug, WrittenRadiotherapy, WrittenResection
from twin.case.parts import CellularityEntry, TissueEntry, VisibilityEntry, VisitEntry
from twin.case.written import WEEKDAYS, Calendar, Date, FilePath, Written, date_of

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]


class CaseFile(Written):
    """A patient folder as written by hand (``case.yaml``). Paths are relative to the file."""

    patient: str = Field(description="An invented name; no name, number or birth date of a person.")
    site: str = Field(default="brain", description="Where the tumour is: brain, breast, liver, lung, prostate ...")
    day0: Date | None = Field(default=None, description="Date of the baseline scan, where visits are given by day.")
    first_weekday: Weekday | None = Field(default=None, description="Weekday of day 0, where no date is given.")
    visits: tuple[VisitEntry, ...] = Field(min_length=1, description="Scans in order; the first is day 0.")
    tissue: TissueEntry = Field(description="Where the tumour can grow.")
    cellularity: CellularityEntry = Field(default_factory=CellularityEntry)
    visibility: VisibilityEntry = Field(default_factory=VisibilityEntry)
    treatments: tuple[WrittenCourse, ...] = Field(default=(), description="What was given, or is firmly scheduled.")
    registration: Literal["none", "rigid"] = Field(default="none", description="Move each scan onto the baseline scan.")
    anatomy: FilePath | None = Field(default=None, description="Image beneath every picture; default: of the first visit.")
    crop: bool = Field(default=True, description="Keep only the box around the tissue.")
    straighten_directions: bool = Field(default=False, description="Accept sheared headers by the nearest rotation.")
    notes: tuple[str, ...] = Field(default=(), description="Remarks that the report repeats.")

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
