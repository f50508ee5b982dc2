"""What was or will be given: doses, courses and plans. What they do is a hypothesis of the solvers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from twin.drugs import drug
from twin.errors import DataRefused
from twin.grid import Box


@dataclass(frozen=True)
class Fraction:
    """One radiotherapy fraction: clock time in days since the patient's day 0, dose in Gy."""

    day: float
    dose_gy: float


@dataclass(frozen=True)
class DrugDose:
    """One administration: clock time in days, drug, amount in the drug's own unit (mg/m2)."""

    day: float
    drug: str
    amount: float


@dataclass(frozen=True)
class Resection:
    """Surgery: the voxels of ``cavity`` (bool; z, y, x), margin included, are removed and become wall."""

    day: float
    cavity: np.ndarray
    margin_mm: float = 0.0


@dataclass(frozen=True)
class Radiotherapy:
    """A course of fractions. ``relative_dose`` (z, y, x; 1 = the prescribed dose) is uniform where it is None.

    ``dose_from`` says in words where that map comes from, if it is not the case's own: a file, or a synthetic one.
    """

    fractions: tuple[Fraction, ...]
    relative_dose: np.ndarray | None = field(default=None, repr=False, compare=False)
    name: str = "radiotherapy"
    dose_from: str = ""

    @property
    def total_gy(self) -> float:
        return sum(f.dose_gy for f in self.fractions)


@dataclass(frozen=True)
class Chemotherapy:
    """A course of administrations of one drug."""

    doses: tuple[DrugDose, ...]
    name: str = "chemotherapy"


Course = Radiotherapy | Chemotherapy | Resection


def weekday_days(start_day: float, count: int, first_weekday: int = 0) -> tuple[float, ...]:
    """Clock times of ``count`` daily fractions, Monday to Friday, from ``start_day`` on.

    ``first_weekday`` is the weekday of ``start_day`` (0 = Monday). A start on a weekend moves to the Monday.
    """
    days: list[float] = []
    offset = 0
    while len(days) < count:
        if (first_weekday + offset) % 7 < 5:
            days.append(start_day + offset)
        offset += 1
    return tuple(days)


@dataclass(frozen=True)
class Plan:
    """Every course of a patient, in any order; doses are looked up by clock time."""

    courses: tuple[Course, ...] = ()

    def __post_init__(self) -> None:
        for dose in self.drug_doses():
            drug(dose.drug)
            _check_dose(dose.day, dose.amount, f"{dose.drug}")
        for _, fraction in self.fractions():
            _check_dose(fraction.day, fraction.dose_gy, "radiotherapy")

    def fractions(self) -> list[tuple[Radiotherapy, Fraction]]:
        """Every fraction with its course, by time; two on one day stay two."""
        found = [(c, f) for c in self.courses if isinstance(c, Radiotherapy) for f in c.fractions]
        return sorted(found, key=lambda pair: pair[1].day)

    def drug_doses(self, name: str | None = None) -> list[DrugDose]:
        """Every administration (of one drug), by time."""
        found = [d for c in self.courses if isinstance(c, Chemotherapy) for d in c.doses if name in (None, d.drug)]
        return sorted(found, key=lambda d: d.day)

    def resections(self) -> list[Resection]:
        return sorted((c for c in self.courses if isinstance(c, Resection)), key=lambda c: c.day)

    def drugs(self) -> tuple[str, ...]:
        return tuple(sorted({d.drug for d in self.drug_doses()}))

    def before(self, day: float) -> Plan:
        """What is given strictly before ``day``."""
        return self._keep(lambda t: t < day)

    def from_day(self, day: float) -> Plan:
        """What is given at ``day`` or later."""
        return self._keep(lambda t: t >= day)

    def _keep(self, wanted) -> Plan:
        kept: list[Course] = []
        for c in self.courses:
            if isinstance(c, Radiotherapy):
                part = tuple(f for f in c.fractions if wanted(f.day))
                if part:
                    kept.append(replace(c, fractions=part))
            elif isinstance(c, Chemotherapy):
                doses = tuple(d for d in c.doses if wanted(d.day))
                if doses:
                    kept.append(replace(c, doses=doses))
            elif wanted(c.day):
                kept.append(c)
        return Plan(tuple(kept))

    def crop(self, box: Box) -> Plan:
        """The same courses with their dose maps and cavities cut to a box of voxels."""
        return Plan(tuple(_crop_course(c, box) for c in self.courses))

    def __add__(self, other: Plan) -> Plan:
        return Plan(self.courses + other.courses)


def _crop_course(course: Course, box: Box) -> Course:
    if isinstance(course, Resection):
        return replace(course, cavity=np.ascontiguousarray(course.cavity[box]))
    if isinstance(course, Radiotherapy) and course.relative_dose is not None:
        return replace(course, relative_dose=np.ascontiguousarray(course.relative_dose[box]))
    return course


def radiotherapy(start_day: float, total_gy: float, count: int, first_weekday: int = 0, relative_dose=None) -> Radiotherapy:
    """A course of ``count`` equal fractions on weekdays; Stupp is ``radiotherapy(21, 60.0, 30)``."""
    days = weekday_days(start_day, count, first_weekday)
    return Radiotherapy(tuple(Fraction(d, total_gy / count) for d in days), relative_dose)


def chemotherapy(drug_name: str, amount: float, days: Iterable[float]) -> Chemotherapy:
    """A course of equal administrations on the given days."""
    return Chemotherapy(tuple(DrugDose(float(d), drug_name, amount) for d in days), drug_name)


def _check_dose(day: float, amount: float, what: str) -> None:
    if not (np.isfinite(day) and np.isfinite(amount)) or amount < 0:
        raise DataRefused(
            f"A dose of {what} on day {day:g} is not a usable number: {amount:g}.",
            remedy="give a finite day and a dose of zero or more",
        )
    if day < 0:
        raise DataRefused(
            f"A dose of {what} is dated day {day:g}, before day 0.",
            where=f"treatments, {what}",
            why="the twin starts at the baseline scan (day 0) and would silently leave the dose out",
            remedy="correct the date, or take the scan before that treatment as the baseline",
        )
