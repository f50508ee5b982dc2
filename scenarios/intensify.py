"""Denser chemotherapy: dose-dense cycles, and the last cycle again."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace

from twin.treatment import Chemotherapy, DrugDose, Plan

DENSE_DAYS = 21
DEFAULT_CYCLE_DAYS = 21.0


def dose_dense(plan: Plan, drug: str) -> Plan | None:
    """Five-day cycles of ``drug`` given on days 1-21 at half the daily dose (RTOG 0525, Gilbert 2013); None if it has none.

    150 and 200 mg/m2 on days 1-5 become 75 and 100 mg/m2 on days 1-21 of the same cycles.
    """
    changed, courses = False, []
    for course in plan.courses:
        if isinstance(course, Chemotherapy) and {d.drug for d in course.doses} == {drug}:
            doses = [d for stretch in stretches(course.doses) for d in _denser(stretch)]
            changed |= len(doses) > len(course.doses)
            course = replace(course, doses=tuple(doses))
        courses.append(course)
    return Plan(tuple(courses)) if changed else None


def repeat_last_cycle(given: Plan, decision_day: float, every_days: float | None = None, count: int = 3) -> Plan:
    """The last cycle of every drug ``count`` times more, the first repeat on its due day (at the decision day or later).

    The interval is ``every_days``, else that of the cycles given, else 21 days.
    """
    courses = []
    for name in given.drugs():
        cycles = stretches(given.drug_doses(name))
        last = cycles[-1]
        interval = every_days or _interval(cycles)
        first = last[0].day + interval
        while first < decision_day:
            first += 1.0
        shifts = [first - last[0].day + i * interval for i in range(count)]
        courses.append(Chemotherapy(tuple(replace(d, day=d.day + s) for s in shifts for d in last), name))
    return Plan(tuple(courses))


def stretches(doses: Sequence[DrugDose]) -> list[list[DrugDose]]:
    """Doses split wherever more than a day and a half passes without one: the cycles of a course."""
    found: list[list[DrugDose]] = []
    for dose in sorted(doses, key=lambda d: d.day):
        if found and dose.day - found[-1][-1].day < 1.5:
            found[-1].append(dose)
        else:
            found.append([dose])
    return found


def _denser(stretch: list[DrugDose]) -> list[DrugDose]:
    if len(stretch) != 5:
        return stretch
    first = stretch[0]
    return [replace(first, day=first.day + i, amount=first.amount / 2) for i in range(DENSE_DAYS)]


def _interval(cycles: Sequence[Sequence[DrugDose]]) -> float:
    gaps = [b[0].day - a[0].day for a, b in itertools.pairwise(cycles)]
    return gaps[-1] if gaps else DEFAULT_CYCLE_DAYS
