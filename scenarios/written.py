"""Courses as people write them (in a regimen or a study), and their plan on a calendar."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Discriminator, Field, Tag, field_validator, model_validator

from scenarios.door import Written
from scenarios.written_dose import WrittenDose
from scenarios.written_resection import Lesions, WrittenResection
from twin.drugs import DRUGS
from twin.errors import DataRefused
from twin.quantity import DURING_RADIOTHERAPY, Quantity, cycle_days, in_unit, quantity
from twin.registry import unknown
from twin.treatment import Chemotherapy, Course, DrugDose, Fraction, Plan, Radiotherapy, weekday_days

Gray = Annotated[Quantity, BeforeValidator(lambda text: in_unit(text, "Gy", "a radiation dose"))]


class WrittenRadiotherapy(Written):
    """``{radiotherapy: 60 Gy, fractions: 30, from_day: 21}``: the total dose in equal fractions, Monday to Friday,
    or every ``every_days`` days. ``dose`` says where it goes (:mod:`scenarios.written_dose`); without it, as in
    the patient's own dose map, else the same everywhere."""

    radiotherapy: Gray
    fractions: int = Field(ge=1, le=80)
    from_day: float = Field(default=0.0, ge=0)
    every_days: int | None = Field(default=None, ge=1, le=28)
    name: str = "radiotherapy"
    dose: WrittenDose | None = None

    def build(
        self, origin_day: float, first_weekday: int, relative_dose: np.ndarray | None, lesions: Lesions | None = None
    ) -> Radiotherapy:
        start = origin_day + self.from_day
        days = (
            weekday_days(start, self.fractions, weekday(start, first_weekday))
            if self.every_days is None
            else tuple(start + i * self.every_days for i in range(self.fractions))
        )
        each, dose_from = self.radiotherapy.value / self.fractions, ""
        if self.dose is not None and lesions is not None:
            relative_dose, dose_from = self.dose.relative(self.radiotherapy.value, lesions)
        return Radiotherapy(tuple(Fraction(d, each) for d in days), relative_dose, self.name, dose_from)


class WrittenDrug(Written):
    """``{drug: temozolomide, amount: 150 mg/m2, days: 1-5, every_days: 28, cycles: 6, from_day: 90}``.

    ``days`` are days of the cycle, counted from 1, or "during radiotherapy" (each day from the first to the last
    fraction of the same regimen). ``amount`` may be a list, one per cycle; the last one goes on. ``after_radiotherapy_days``
    starts the course that many days after the last fraction. ``modelled: false`` lists a drug that no effect acts for.
    """

    drug: str
    amount: tuple[Quantity, ...]
    days: tuple[int, ...] | str = (1,)
    every_days: int | None = Field(default=None, ge=1, le=120)
    cycles: int = Field(default=1, ge=1, le=60)
    from_day: float = Field(default=0.0, ge=0)
    after_radiotherapy_days: float | None = Field(default=None, ge=0)
    modelled: bool = True

    @field_validator("amount", mode="before")
    @classmethod
    def _amounts(cls, value: Any) -> tuple[Quantity, ...]:
        return tuple(quantity(v) for v in (value if isinstance(value, list | tuple) else [value]))

    @field_validator("days", mode="before")
    @classmethod
    def _days(cls, value: Any) -> tuple[int, ...] | str:
        return value if value == DURING_RADIOTHERAPY else cycle_days(value)

    @model_validator(mode="after")
    def _fits(self) -> WrittenDrug:
        if self.cycles > 1 and self.every_days is None:
            raise ValueError(f"{self.cycles} cycles of {self.drug} need 'every_days', the length of a cycle")
        if self.modelled:
            _check_drug(self.drug, self.amount)
        if self.days == DURING_RADIOTHERAPY and self.cycles > 1:
            raise ValueError(f"{self.drug} {DURING_RADIOTHERAPY} is one course, not {self.cycles} cycles")
        return self

    def build(self, origin_day: float, radiotherapy_days: Sequence[float]) -> Chemotherapy:
        if isinstance(self.days, str):
            first, last = self._span(radiotherapy_days)
            count = math.floor(last - first) + 1
            return self._course((first + i, 0) for i in range(count))
        start = origin_day + self.from_day
        if self.after_radiotherapy_days is not None:
            start = self._span(radiotherapy_days)[1] + self.after_radiotherapy_days
        length = self.every_days or 0
        return self._course((start + c * length + d - 1, c) for c in range(self.cycles) for d in self.days)

    def _course(self, given) -> Chemotherapy:
        last = len(self.amount) - 1
        return Chemotherapy(tuple(DrugDose(day, self.drug, self.amount[min(c, last)].value) for day, c in given), self.drug)

    def _span(self, radiotherapy_days: Sequence[float]) -> tuple[float, float]:
        if not radiotherapy_days:
            raise DataRefused(
                f"{self.drug} is timed by radiotherapy, but there is no radiotherapy beside it.",
                where=f"course of {self.drug}",
                remedy="add the radiotherapy to the same list, or give 'from_day'",
            )
        return min(radiotherapy_days), max(radiotherapy_days)


def _kind(value: Any) -> str:
    keys = value if isinstance(value, dict) else getattr(value, "model_fields_set", ())
    return next((kind for kind in ("radiotherapy", "resection") if kind in keys), "drug")


AnyCourse = WrittenRadiotherapy | WrittenDrug | WrittenResection
WrittenCourse = Annotated[
    Annotated[WrittenRadiotherapy, Tag("radiotherapy")]
    | Annotated[WrittenDrug, Tag("drug")]
    | Annotated[WrittenResection, Tag("resection")],
    Discriminator(_kind),
]


def build_plan(
    courses: Sequence[AnyCourse],
    origin_day: float,
    first_weekday: int,
    relative_dose: np.ndarray | None = None,
    lesions: Lesions | None = None,
) -> Plan:
    """The plan of written courses whose day 0 is ``origin_day``; courses that no effect models are left out.

    ``first_weekday`` is the weekday of the patient's day 0 (0 = Monday); ``lesions`` is what a resection removes and a dose
    is drawn around.
    """
    beams = [
        c.build(origin_day, first_weekday, relative_dose, lesions) for c in courses if isinstance(c, WrittenRadiotherapy)
    ]
    days = [f.day for course in beams for f in course.fractions]
    drugs = [c.build(origin_day, days) for c in courses if isinstance(c, WrittenDrug) and c.modelled]
    cut = [c.build(origin_day, lesions) for c in courses if isinstance(c, WrittenResection)]
    found: list[Course] = [*beams, *drugs, *cut]
    return Plan(tuple(found))


def unmodelled(courses: Sequence[AnyCourse]) -> list[str]:
    """The drugs that are listed but whose effect is not computed."""
    return sorted({c.drug for c in courses if isinstance(c, WrittenDrug) and not c.modelled})


def weekday(day: float, first_weekday: int) -> int:
    """The weekday (0 = Monday) of a clock time, given that of day 0."""
    return (first_weekday + math.floor(day)) % 7


def _check_drug(name: str, amounts: Sequence[Quantity]) -> None:
    if name not in DRUGS:
        raise ValueError(f"{unknown('drug', name, sorted(DRUGS))} Known: {', '.join(sorted(DRUGS))}")
    for amount in amounts:
        in_unit(amount, DRUGS[name].dose_unit, name)
