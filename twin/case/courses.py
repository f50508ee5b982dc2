"""Treatments as people write them in a case file, and what they mean on the patient's calendar."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from twin.case.written import Calendar, Date, FilePath, Written, one_of, wrong
from twin.drugs import DRUGS
from twin.errors import DataRefused
from twin.quantity import DURING_RADIOTHERAPY, Quantity, cycle_days, in_unit, quantity
from twin.registry import unknown
from twin.treatment import Chemotherapy, Course, DrugDose, Fraction, Plan, Radiotherapy, Resection, weekday_days

Gray = Annotated[Quantity, BeforeValidator(lambda text: in_unit(text, "Gy", "a radiation dose"), json_schema_input_type=str)]
Dose = Annotated[Quantity, BeforeValidator(quantity, json_schema_input_type=str)]
Volume = Callable[[str, str], np.ndarray]
"""(file, "dose" or "mask") -> its values on the patient's grid."""


class DoseMap(Written):
    """A dose distribution. ``unit: Gy`` is the dose of the whole course, ``unit: relative`` is 1 at the prescribed dose."""

    file: FilePath
    """The dose distribution of the course."""
    unit: Literal["Gy", "relative"]
    """Gy: dose of the whole course; relative: 1 is the prescribed dose."""

    def check(self, relative: np.ndarray, prescribed: Quantity) -> None:
        """Refuse a map whose largest dose is nowhere near the prescription."""
        low, high = float(relative.min()), float(relative.max())
        if low < 0 or not 0.2 <= high <= 3:
            raise DataRefused(
                f"The largest dose of {self.file} is {high:.3g} times the prescribed {prescribed} (smallest {low:.3g}).",
                where=self.file,
                why="every fraction is scaled by this map",
                remedy="check its unit (planning systems also export cGy, or the dose of one fraction) and its course",
            )


class GivenFraction(Written):
    """One fraction: when, and its dose in Gy."""

    day: float | None = None
    """Clock time in days."""
    date: Date | None = None
    """Or a date."""
    gy: float = Field(gt=0)
    """Dose of this fraction, Gy."""

    @model_validator(mode="after")
    def _when(self) -> GivenFraction:
        one_of(self, ("day", "date"))
        return self


class GivenDose(Written):
    """One administration: when, and how much."""

    day: float | None = None
    """Clock time in days."""
    date: Date | None = None
    """Or a date."""
    amount: Dose
    """Dose with its unit."""

    @model_validator(mode="after")
    def _when(self) -> GivenDose:
        one_of(self, ("day", "date"))
        return self


class WrittenRadiotherapy(Written):
    """``{radiotherapy: 60 Gy, fractions: 30, from_day: 21}``: the total in equal fractions, Monday to Friday, or every
    ``every_days`` days. ``fractions`` may also list each one: ``[{day: 21, gy: 2}, ...]``."""

    radiotherapy: Gray
    """Total dose with its unit: 60 Gy."""
    fractions: int | tuple[GivenFraction, ...]
    """Number of equal fractions, or a list of each: [{day: 21, gy: 2}, ...]."""
    from_day: float | None = None
    """Day of the first fraction."""
    from_date: Date | None = None
    """Or its date."""
    every_days: int | None = Field(default=None, ge=1, le=28)
    """Days from one fraction to the next; default: Monday to Friday."""
    dose_map: DoseMap | None = None
    """Where the dose goes; default: the same everywhere."""
    name: str = "radiotherapy"
    """How reports call it."""

    @model_validator(mode="after")
    def _fits(self) -> WrittenRadiotherapy:
        one_of(self, ("from_day", "from_date"), needed=isinstance(self.fractions, int))
        if isinstance(self.fractions, int):
            if not 1 <= self.fractions <= 120:
                raise ValueError(f"{self.fractions} fractions are not a course; write a number from 1 to 120")
            return self
        total = sum(f.gy for f in self.fractions)
        if not math.isclose(total, self.radiotherapy.value, rel_tol=0.005):
            raise ValueError(
                f"the fractions listed add up to {total:g} Gy, not to {self.radiotherapy}; correct one of the two"
            )
        return self

    def build(self, calendar: Calendar, volume: Volume | None = None) -> Radiotherapy:
        relative = None
        if self.dose_map is not None and volume is not None:
            relative = volume(self.dose_map.file, "dose")
            if self.dose_map.unit == "Gy":
                relative = relative / np.float32(self.radiotherapy.value)
            self.dose_map.check(relative, self.radiotherapy)
        return Radiotherapy(tuple(self._fractions(calendar)), relative, self.name)

    def _fractions(self, calendar: Calendar) -> Iterable[Fraction]:
        if not isinstance(self.fractions, int):
            return [Fraction(calendar.day(f.day, f.date, "a fraction"), f.gy) for f in self.fractions]
        start = calendar.day(self.from_day, self.from_date, "radiotherapy")
        if self.every_days is None:
            days = weekday_days(start, self.fractions, calendar.weekday(start))
        else:
            days = tuple(start + i * self.every_days for i in range(self.fractions))
        return [Fraction(d, self.radiotherapy.value / self.fractions) for d in days]


class WrittenDrug(Written):
    """A drug: on given days (``on_days: [8, 29]``), daily (``from_day: 21, to_day: 62``), in cycles (``days: 1-5,
    every_days: 28, cycles: 6, from_day: 90``; days of the cycle count from 1), ``days: during radiotherapy``, or each dose
    by itself (``given: [{day: 8, amount: 60 mg/m2}]``).

    ``amount`` may be a list, one per cycle; the last one goes on. ``modelled: false`` lists a drug whose effect is not
    computed.
    """

    drug: str
    """temozolomide, doxorubicin, cyclophosphamide ... (`oncotwin list`)."""
    amount: tuple[Quantity, ...] = ()
    """Dose with its unit (75 mg/m2); a list gives one per cycle, the last one goes on."""
    on_days: tuple[float, ...] | None = None
    """Days on which it was given."""
    on_dates: tuple[Date, ...] | None = None
    """Or dates."""
    given: tuple[GivenDose, ...] | None = None
    """Each dose by itself: [{day: 8, amount: 60 mg/m2}]."""
    from_day: float | None = None
    """Day of the first dose of a rule."""
    from_date: Date | None = None
    """Or its date."""
    to_day: float | None = None
    """Every day (or every `every_days`) until this day."""
    to_date: Date | None = None
    """Or this date."""
    days: tuple[int, ...] | str | None = None
    """Days of the cycle, counted from 1 (1-5), or `during radiotherapy`."""
    every_days: int | None = Field(default=None, ge=1, le=120)
    """Length of a cycle."""
    cycles: int = Field(default=1, ge=1, le=60)
    """Number of cycles."""
    modelled: bool = True
    """false: listed in the report, no effect is computed."""
    name: str | None = None
    """How reports call it."""

    @field_validator("amount", mode="before", json_schema_input_type=str | tuple[str, ...])
    @classmethod
    def _amounts(cls, value: Any) -> tuple[Quantity, ...]:
        return tuple(quantity(v) for v in (value if isinstance(value, list | tuple) else [value]))

    @field_validator("on_days", mode="before", json_schema_input_type=float | tuple[float, ...] | None)
    @classmethod
    def _several_days(cls, value: Any) -> Any:
        return _several(value)

    @field_validator("on_dates", mode="before", json_schema_input_type=Date | tuple[Date, ...] | None)
    @classmethod
    def _several_dates(cls, value: Any) -> Any:
        return _several(value)

    @field_validator("days", mode="before", json_schema_input_type=int | str | tuple[int, ...] | None)
    @classmethod
    def _days(cls, value: Any) -> Any:
        return value if value in (None, DURING_RADIOTHERAPY) else cycle_days(value)

    @model_validator(mode="after")
    def _fits(self) -> WrittenDrug:
        if self.modelled:
            check_drug(self.drug, [*self.amount, *(g.amount for g in self.given or ())])
        if self.given is None and not self.amount:
            raise ValueError(f"the dose of {self.drug} is missing; write for instance `amount: 75 mg/m2`")
        self._check_times()
        return self

    def _check_times(self) -> None:
        single = self.given is not None or self.on_days is not None or self.on_dates is not None
        one_of(self, ("given", "on_days", "on_dates"), needed=False)
        one_of(self, ("from_day", "from_date"), needed=not single and self.days != DURING_RADIOTHERAPY)
        one_of(self, ("to_day", "to_date"), needed=False)
        if self.cycles > 1 and self.every_days is None:
            raise ValueError(f"{self.cycles} cycles of {self.drug} have no length; write `every_days: 28`, for instance")
        if self.cycles > 1 and (self.to_day is not None or self.to_date is not None):
            raise ValueError("`to_day` and `cycles` are both written; keep `to_day` for every day until then, or `cycles`")

    def build(self, calendar: Calendar, radiotherapy_days: Sequence[float]) -> Chemotherapy:
        name = self.name or self.drug
        if self.given is not None:
            pairs = [(calendar.day(g.day, g.date, self.drug), g.amount.value) for g in self.given]
        else:
            last = len(self.amount) - 1
            pairs = [(day, self.amount[min(c, last)].value) for day, c in self._times(calendar, radiotherapy_days)]
        return Chemotherapy(tuple(DrugDose(day, self.drug, amount) for day, amount in pairs), name)

    def _times(self, calendar: Calendar, radiotherapy_days: Sequence[float]) -> list[tuple[float, int]]:
        """(clock time, number of the cycle) of every administration."""
        if self.on_days is not None:
            return [(calendar.day(d, None, self.drug), i) for i, d in enumerate(self.on_days)]
        if self.on_dates is not None:
            return [(calendar.day(None, d, self.drug), i) for i, d in enumerate(self.on_dates)]
        if self.days == DURING_RADIOTHERAPY:
            return [(day, 0) for day in _daily(*_span(self.drug, radiotherapy_days))]
        start = calendar.day(self.from_day, self.from_date, self.drug)
        if self.to_day is not None or self.to_date is not None:
            stop = calendar.day(self.to_day, self.to_date, self.drug)
            return [(day, 0) for day in _daily(start, stop, self.every_days or 1)]
        days = (1,) if self.days is None or isinstance(self.days, str) else self.days
        return [(start + c * (self.every_days or 0) + d - 1, c) for c in range(self.cycles) for d in days]


class WrittenResection(Written):
    """``{resection: cavity.nii.gz, on_day: 5}``: surgery; the mask's non-zero voxels are removed, ``margin_mm`` included."""

    resection: FilePath
    """Mask of the cavity."""
    on_day: float | None = None
    """Day of the operation."""
    on_date: Date | None = None
    """Or its date."""
    margin_mm: float = Field(default=0.0, ge=0, le=50)
    """Margin that the mask includes, mm."""

    @model_validator(mode="after")
    def _when(self) -> WrittenResection:
        one_of(self, ("on_day", "on_date"))
        return self

    def build(self, calendar: Calendar, volume: Volume | None) -> Resection:
        cavity = np.ones((1, 1, 1), bool) if volume is None else volume(self.resection, "mask") > 0
        if not cavity.any():
            raise DataRefused(
                f"The resection cavity {self.resection} is empty on the baseline grid.",
                where=self.resection,
                why="the operation would remove nothing",
                remedy="check the mask, and that it lies in the frame of the baseline scan",
            )
        return Resection(calendar.day(self.on_day, self.on_date, "surgery"), cavity, self.margin_mm)


KINDS = ("radiotherapy", "drug", "resection")


def _kind(value: Any) -> str | None:
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    return next((kind for kind in KINDS if kind in keys), None)


WrittenCourse = Annotated[
    Annotated[WrittenRadiotherapy, Tag("radiotherapy")]
    | Annotated[WrittenDrug, Tag("drug")]
    | Annotated[WrittenResection, Tag("resection")],
    Discriminator(
        _kind,
        custom_error_type="no_treatment",
        custom_error_message="a treatment is `radiotherapy: 60 Gy`, `drug: temozolomide` or `resection: cavity.nii.gz`",
    ),
]


def build_course(
    written: WrittenRadiotherapy | WrittenDrug | WrittenResection,
    calendar: Calendar,
    radiotherapy_days: Sequence[float],
    volume: Volume | None,
) -> Course | None:
    """The course, checked (no dose before day 0); None for a drug whose effect is not computed.

    Without ``volume`` only times and doses are checked, before any image is read.
    """
    course: Course
    if isinstance(written, WrittenRadiotherapy | WrittenResection):
        course = written.build(calendar, volume)
    elif written.modelled:
        course = written.build(calendar, radiotherapy_days)
    else:
        return None
    Plan((course,))
    if isinstance(course, Resection) and course.day < 0:
        raise DataRefused(
            f"A resection is dated day {course.day:g}, before day 0.",
            where="treatments, resection",
            why="the twin starts at the baseline scan (day 0)",
            remedy="correct the date, or leave it out: the baseline scan already shows the cavity",
        )
    return course


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) or value is None else [value]


def check_drug(name: str, amounts: Sequence[Quantity]) -> None:
    """ValueError for a drug that is not known, or a dose that is not in its unit."""
    if name not in DRUGS:
        raise wrong(
            unknown("drug", name, sorted(DRUGS)),
            "its decay and reference dose are needed to compute its effect",
            f"known: {', '.join(sorted(DRUGS))}; `modelled: false` lists a drug without computing its effect",
        )
    for amount in amounts:
        in_unit(amount, DRUGS[name].dose_unit, name)


def _daily(first: float, last: float, every: int = 1) -> list[float]:
    return [first + i for i in range(0, math.floor(last - first) + 1, every)]


def _span(name: str, radiotherapy_days: Sequence[float]) -> tuple[float, float]:
    if not radiotherapy_days:
        raise DataRefused(
            f"{name} is timed by radiotherapy, but the case lists no radiotherapy.",
            where=f"treatments, {name}",
            remedy="add the radiotherapy, or give `from_day` and `to_day`",
        )
    return min(radiotherapy_days), max(radiotherapy_days)
