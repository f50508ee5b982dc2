"""A case of sizes alone: ``case.yaml`` with ``sizes:`` instead of ``visits:`` and ``tissue:``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from twin.case.courses import WrittenCourse, WrittenResection, build_course
from twin.case.mistakes import refusals
from twin.case.problems import Problems
from twin.case.reading import case_path, read_yaml
from twin.case.schema import Weekday
from twin.case.written import WEEKDAYS, Calendar, Date, Written, date_of, one_of
from twin.errors import DataRefused
from twin.sizes import Size, SizeSeries
from twin.treatment import Course, Plan, Radiotherapy

_WRITTEN = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*(mm|cm|mL|ml|cm3|mm3)\s*$")
_FACTOR = {"mm": 1.0, "cm": 10.0, "mL": 1.0, "ml": 1.0, "cm3": 1.0, "mm3": 1e-3}
LENGTHS, VOLUMES = ("mm", "cm"), ("mL", "ml", "cm3", "mm3")


class SizeEntry(Written):
    """One reading of the lesion, with its unit: ``diameter: 32 mm`` (the longest) or ``volume: 12.5 mL``; 0 if not seen."""

    day: float | None = None
    """Days since the first reading, which is day 0."""
    date: Date | None = None
    """Or its date."""
    name: str | None = None
    """How reports call it."""
    diameter: str | None = None
    """Longest diameter, in mm or cm."""
    volume: str | None = None
    """Volume, in mL, cm3 or mm3."""
    held_out: bool = False
    """true: kept from the calibration."""

    @field_validator("diameter", "volume", mode="before")
    @classmethod
    def _with_unit(cls, value: Any) -> Any:
        if isinstance(value, int | float):
            raise ValueError(f"{value:g} has no unit; write a number and its unit, such as '{value:g} mm' or '{value:g} mL'")
        return value

    @model_validator(mode="after")
    def _fits(self) -> SizeEntry:
        one_of(self, ("diameter", "volume"))
        if self.day is None and self.date is None:
            raise ValueError("a reading has no time; write `day:` or `date:`")
        _number(self.diameter, LENGTHS)
        _number(self.volume, VOLUMES)
        return self

    def build(self, day: float) -> Size:
        volume, diameter = _number(self.volume, VOLUMES), _number(self.diameter, LENGTHS)
        return Size(day, self.name or ("baseline" if day == 0 else f"day {day:g}"), volume, diameter, self.held_out)


def _number(text: str | None, units: tuple[str, ...]) -> float | None:
    if text is None:
        return None
    found = _WRITTEN.match(text)
    if not found or found[2] not in units:
        raise ValueError(
            f"'{text}' is no size; write a number and its unit ({', '.join(units)}), such as '32 mm' or '12.5 mL'"
        )
    return float(found[1]) * _FACTOR[found[2]]


class SizeFile(Written):
    """A patient of whom only sizes are known (``case.yaml`` with ``sizes:``)."""

    patient: str
    """An invented name; never a name, number or birth date of a person."""
    site: str = "lung"
    """Where the tumour is."""
    sizes: tuple[SizeEntry, ...] = Field(min_length=1)
    """Readings of one lesion in order; the first is day 0."""
    treatments: tuple[WrittenCourse, ...] = ()
    """What was given, or is firmly scheduled; no dose map and no resection, for there is no place."""
    day0: Date | None = None
    """Date of day 0, where readings are given by day and treatments by date."""
    first_weekday: Weekday | None = None
    """Weekday of day 0, where no date is given (default monday)."""
    markers: dict[str, str | float] = Field(default_factory=dict)
    """Genomics and laboratory values that move priors."""
    notes: tuple[str, ...] = ()
    """Remarks that are repeated in the results."""

    def calendar(self) -> Calendar:
        day0 = self.day0 or self.sizes[0].date
        weekday = WEEKDAYS.index(self.first_weekday or "monday") if day0 is None else date_of(day0).weekday()
        return Calendar(day0, weekday)


def is_sizes(path: Path) -> bool:
    """Whether a case file (or the folder that holds it) is one of sizes alone."""
    try:
        return "sizes" in read_yaml(case_path(path))
    except DataRefused:
        return False


def load_sizes(path: Path) -> SizeSeries:
    """The series of a case of sizes. Raises DataRefused with every problem that was found."""
    file = case_path(path)
    problems = Problems()
    with problems.gather(file.name):
        content = read_yaml(file)
    written = None
    try:
        written = SizeFile.model_validate(content) if not problems else None
    except ValidationError as error:
        for refused in refusals(error, file.name, SizeFile):
            problems.add(refused)
    series = None
    if written is not None:
        with problems.gather(file.name):
            series = _built(written)
    problems.raise_if_any(file.name)
    assert series is not None
    return series


def _built(written: SizeFile) -> SizeSeries:
    calendar = written.calendar()
    days = [calendar.day(s.day, s.date, f"reading {k}") for k, s in enumerate(written.sizes, start=1)]
    sizes = tuple(s.build(day) for s, day in zip(written.sizes, days, strict=True))
    plan = _plan(written, calendar)
    return SizeSeries(written.patient, written.site, sizes, plan, calendar.first_weekday, written.notes)


def _plan(written: SizeFile, calendar: Calendar) -> Plan:
    if any(isinstance(c, WrittenResection) or getattr(c, "dose_map", None) for c in written.treatments):
        raise DataRefused(
            "A resection or a dose map has no place in a case of sizes.",
            where="treatments",
            why="they act at a place, and sizes have none",
            remedy="leave it out and begin the readings after the operation, or write a case with images",
        )
    first = [build_course(c, calendar, (), None) for c in written.treatments if "radiotherapy" in c.model_fields_set]
    fractions = [f.day for course in first if isinstance(course, Radiotherapy) for f in course.fractions]
    built = [build_course(c, calendar, fractions, None) for c in written.treatments]
    courses: list[Course] = [c for c in built if c is not None]
    return Plan(tuple(courses))
