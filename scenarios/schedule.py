"""A plan echoed as a typed schedule and in words, so that a person can see what was understood."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from scenarios.radiobiology import bed_gy, eqd2_gy, plan_doses_gy
from twin.drugs import drug
from twin.treatment import Plan, Radiotherapy

LONGEST_CYCLE_DAYS = 42
"""Doses further apart are no cycle of one course."""


@dataclass(frozen=True)
class Row:
    """Doses of one kind and size: ``count`` times ``amount`` ``unit`` between two days; ``rhythm`` says how, ``dose_from``
    where the dose goes, if that is not the case's own map and not the same everywhere."""

    what: str
    from_day: float
    to_day: float
    count: int
    amount: float
    unit: str
    rhythm: str
    dose_from: str = ""

    @property
    def words(self) -> str:
        days = f"day {self.from_day:g}" if self.count == 1 else f"day {self.from_day:g} to {self.to_day:g}"
        rhythm = f", {self.rhythm}" if self.rhythm else ""
        where = f" ({self.dose_from})" if self.dose_from else ""
        if self.unit == "Gy":
            plural = "fraction" if self.count == 1 else "fractions"
            return (
                f"{self.count * self.amount:.4g} Gy in {self.count} {plural} of {self.amount:.4g} Gy{rhythm}, {days}{where}"
            )
        if self.unit == "mm":
            return f"{self.what} with {self.amount:g} mm margin, {days}"
        dose = f"AUC {self.amount:.4g}" if self.unit == "AUC" else f"{self.amount:.4g} {self.unit}"
        times = "" if self.count == 1 else f" x {self.count}"
        return f"{self.what} {dose}{times}{rhythm}, {days}"


def rows(plan: Plan) -> list[Row]:
    """The schedule of a plan, by first day; runs of equal doses in equal rhythm become one row."""
    found: list[Row] = []
    for course in plan.courses:
        if isinstance(course, Radiotherapy):
            given = _grouped(course.name, [(f.day, f.dose_gy) for f in course.fractions], "Gy")
            found += [replace(row, dose_from=course.dose_from) for row in given]
    for name in plan.drugs():
        found += _grouped(name, [(d.day, d.amount) for d in plan.drug_doses(name)], drug(name).dose_unit)
    found += [Row("resection", r.day, r.day, 1, r.margin_mm, "mm", "") for r in plan.resections()]
    return sorted(found, key=lambda row: (row.from_day, row.what))


def schedule(plan: Plan) -> list[dict]:
    """:func:`rows` as plain dictionaries, for JSON."""
    return [asdict(row) for row in rows(plan)]


def in_words(plan: Plan) -> str:
    """The whole plan in one line."""
    return "; ".join(row.words for row in rows(plan)) or "no treatment"


def totals(plan: Plan, alpha_beta: float) -> dict[str, float | int]:
    """Prescribed totals of a plan: Gy, fractions, BED and EQD2 (Gy, at the tumour's alpha/beta), drug doses."""
    doses = plan_doses_gy(plan)
    return {
        "total_gy": round(sum(doses), 6),
        "fractions": len(doses),
        "bed_gy": round(bed_gy(doses, alpha_beta), 3),
        "eqd2_gy": round(eqd2_gy(doses, alpha_beta), 3),
        "drug_doses": len(plan.drug_doses()),
    }


def _grouped(what: str, given: Sequence[tuple[float, float]], unit: str) -> list[Row]:
    """Equal amounts in a row, in time order; cycles of one rhythm are one row, a longer break starts another."""
    found = []
    for amount, group in itertools.groupby(sorted(given), key=lambda pair: round(pair[1], 9)):
        for days in _unbroken([day for day, _ in group]):
            found.append(Row(what, days[0], days[-1], len(days), amount, unit, rhythm(days)))
    return found


def _unbroken(days: Sequence[float]) -> list[list[float]]:
    """Days split where a stretch of daily doses starts more than ``LONGEST_CYCLE_DAYS`` after the one before."""
    parts, start = [[days[0]]], days[0]
    for before, day in itertools.pairwise(days):
        if day - before > 1 and day - start > LONGEST_CYCLE_DAYS:
            parts.append([day])
        else:
            parts[-1].append(day)
        start = day if day - before > 1 else start
    return parts


def rhythm(days: Sequence[float]) -> str:
    """How days follow each other: "daily", "weekdays", "every 21 days", "days 1-5 every 28 days"; "" if irregular."""
    gaps = [round(b - a, 6) for a, b in itertools.pairwise(days)]
    if not gaps:
        return ""
    if len(set(gaps)) == 1:
        return "daily" if gaps[0] == 1 else f"every {gaps[0]:g} days"
    if set(gaps) == {1, 3} and _five_a_week(gaps):
        return "weekdays"
    return _cycles(days, gaps)


def _five_a_week(gaps: Sequence[float]) -> bool:
    weekends = [i for i, gap in enumerate(gaps) if gap == 3]
    return weekends[0] <= 4 and all(b - a == 5 for a, b in itertools.pairwise(weekends)) and len(gaps) - weekends[-1] <= 5


def _cycles(days: Sequence[float], gaps: Sequence[float]) -> str:
    """ "days 1-5 every 28 days" where each stretch of daily doses is as long and starts as long after the one before."""
    breaks = [0, *(i + 1 for i, gap in enumerate(gaps) if gap != 1), len(days)]
    lengths = {b - a for a, b in itertools.pairwise(breaks)}
    starts = {round(days[b] - days[a], 6) for a, b in itertools.pairwise(breaks[:-1])}
    if len(lengths) == 1 and len(starts) == 1:
        return f"days 1-{lengths.pop()} every {starts.pop():g} days"
    return ""
