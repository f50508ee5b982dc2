"""Modifications of a plan by rule: delay, scale, omit, reorder, other fractionation."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from scenarios.radiobiology import equivalent_dose_per_fraction_gy
from scenarios.written import weekday
from twin.treatment import Chemotherapy, Course, DrugDose, Fraction, Plan, Radiotherapy, weekday_days

RADIOTHERAPY, RESECTION = "radiotherapy", "resection"


def treatments(plan: Plan) -> list[str]:
    """What the plan holds: "radiotherapy", "resection" and the drugs, by first day."""
    return sorted({name for course in plan.courses for name in _names(course)}, key=lambda name: _span(plan, name)[0])


def omit(plan: Plan, names: set[str]) -> Plan:
    """The plan without radiotherapy, resection or the drugs named in ``names``."""
    return _each(plan, lambda course: _without(course, names))


def scale(plan: Plan, factors: Mapping[str, float]) -> Plan:
    """Every dose times the factor of "radiotherapy" or of its drug; what is not named stays."""
    return _each(plan, lambda course: _scaled(course, factors))


def delay(plan: Plan, days: float, first_weekday: int = 0) -> Plan:
    """Everything ``days`` later; radiotherapy that was given on weekdays only is laid on weekdays again."""
    return _each(plan, lambda course: _delayed(course, days, first_weekday))


def reorder(plan: Plan, order: Sequence[str], first_weekday: int = 0) -> Plan:
    """The treatments of ``order`` one after another in that order, from the first day of the earliest on.

    The n-th break between them stays as long as it was, and is a day at least; what is not named stays where it was.
    """
    spans = sorted(_span(plan, name) for name in order)
    breaks = [max(1.0, later - end) for (_, end), (later, _) in itertools.pairwise(spans)]
    day, moved = spans[0][0], omit(plan, set(order))
    for name, pause in zip(order, [*breaks, 0.0], strict=True):
        block = delay(_only(plan, name), day - _span(plan, name)[0], first_weekday)
        moved += block
        day = _span(block, name)[1] + pause
    return moved


def refraction(plan: Plan, count: int, alpha_beta: float, first_weekday: int = 0) -> Plan:
    """All radiotherapy in ``count`` equal weekday fractions from its first day on, of the same EQD2."""
    given = plan.fractions()
    if not given:
        return plan
    course, first = given[0]
    each = equivalent_dose_per_fraction_gy([f.dose_gy for _, f in given], count, alpha_beta)
    days = weekday_days(first.day, count, weekday(first.day, first_weekday))
    beams = replace(course, fractions=tuple(Fraction(day, each) for day in days))
    return Plan((beams, *(c for c in plan.courses if not isinstance(c, Radiotherapy))))


def _each(plan: Plan, change: Callable[[Course], Course | None]) -> Plan:
    return Plan(tuple(changed for course in plan.courses if (changed := change(course)) is not None))


def _without(course: Course, names: set[str]) -> Course | None:
    if isinstance(course, Chemotherapy):
        kept = tuple(d for d in course.doses if d.drug not in names)
        return replace(course, doses=kept) if kept else None
    return None if names & _names(course) else course


def _names(course: Course) -> set[str]:
    if isinstance(course, Chemotherapy):
        return {d.drug for d in course.doses}
    return {RADIOTHERAPY if isinstance(course, Radiotherapy) else RESECTION}


def _only(plan: Plan, name: str) -> Plan:
    return omit(plan, {other for course in plan.courses for other in _names(course)} - {name})


def _span(plan: Plan, name: str) -> tuple[float, float]:
    """The first and the last day on which a treatment is given."""
    alone = _only(plan, name)
    days = [f.day for _, f in alone.fractions()] + [d.day for d in alone.drug_doses()] + [r.day for r in alone.resections()]
    return min(days), max(days)


def _scaled(course: Course, factors: Mapping[str, float]) -> Course:
    if isinstance(course, Radiotherapy):
        factor = factors.get(RADIOTHERAPY, 1.0)
        return replace(course, fractions=tuple(replace(f, dose_gy=f.dose_gy * factor) for f in course.fractions))
    if isinstance(course, Chemotherapy):
        return replace(course, doses=tuple(replace(d, amount=d.amount * factors.get(d.drug, 1.0)) for d in course.doses))
    return course


def _delayed(course: Course, days: float, first_weekday: int) -> Course:
    if isinstance(course, Radiotherapy):
        moved = [f.day + days for f in course.fractions]
        if days % 7 and _weekdays_only(course, first_weekday):
            moved = list(weekday_days(moved[0], len(moved), weekday(moved[0], first_weekday)))
        pairs = zip(course.fractions, moved, strict=True)
        return replace(course, fractions=tuple(replace(f, day=day) for f, day in pairs))
    if isinstance(course, Chemotherapy):
        return replace(course, doses=tuple(DrugDose(d.day + days, d.drug, d.amount) for d in course.doses))
    return replace(course, day=course.day + days)


def _weekdays_only(course: Radiotherapy, first_weekday: int) -> bool:
    """Whether the course has at most one fraction a day and none at a weekend."""
    days = [f.day for f in course.fractions]
    return len({int(d) for d in days}) == len(days) and all(weekday(d, first_weekday) < 5 for d in days)
