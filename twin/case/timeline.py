"""When things happened in a case: visits and treatments on one calendar, checked before any image is read."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from twin.case.courses import WrittenRadiotherapy, build_course
from twin.case.parts import VisitEntry
from twin.case.problems import Problems
from twin.case.schema import CaseFile
from twin.case.written import Calendar, date_of
from twin.errors import DataRefused


def visit_days(case: CaseFile, calendar: Calendar, problems: Problems) -> list[float]:
    """The visits' days, checked: the first on day 0, increasing, day and date in agreement."""
    days: list[float] = []
    for number, visit in enumerate(case.visits, start=1):
        with problems.gather(f"visits, entry {number}"):
            days.append(_day(visit, number, calendar))
    if len(days) == len(case.visits):
        with problems.gather("visits"):
            _check_order(days)
    with problems.gather("visits"):
        _check_baseline(case)
    return days


def _day(visit: VisitEntry, number: int, calendar: Calendar) -> float:
    if visit.day is None or visit.date is None or calendar.day0 is None:
        return calendar.day(visit.day, visit.date, f"visit {number}")
    by_date = float((date_of(visit.date) - date_of(calendar.day0)).days)
    if abs(by_date - visit.day) > 1:
        raise DataRefused(
            f"Visit {number} is on day {visit.day:g}, but its date is {by_date:g} days after the first scan.",
            why="growth rates follow from the intervals",
            remedy="correct one of the two, or write only the date",
        )
    return visit.day


def _check_baseline(case: CaseFile) -> None:
    if case.visits[0].held_out:
        raise DataRefused(
            "The baseline scan is held out.",
            where="visits, entry 1, held_out",
            why="every forecast starts from it",
            remedy="hold out a later scan",
        )


def _check_order(days: Sequence[float]) -> None:
    if days[0] != 0:
        raise DataRefused(
            f"The first visit is on day {days[0]:g}; day 0 is the baseline scan.",
            where="visits, entry 1",
            why="the twin starts from the first scan and counts every treatment from it",
            remedy=f"subtract {days[0]:g} from every day, or name visits by date",
        )
    for number, (a, b) in enumerate(itertools.pairwise(days), start=1):
        if a == b:
            raise DataRefused(
                f"Visits {number} and {number + 1} are both on day {a:g}.",
                where=f"visits, entry {number + 1}",
                why="growth is learnt from the change between one scan and the next",
                remedy="two scans of one day are one visit: put their images together, or give clock times",
            )
        if a > b:
            raise DataRefused(
                f"Visit {number + 1} (day {b:g}) comes before visit {number} (day {a:g}): the visits are out of order.",
                where=f"visits, entry {number + 1}",
                why="a swapped pair would turn growth into shrinkage",
                remedy="order the visits by date, and check the dates",
            )


def check_courses(case: CaseFile, calendar: Calendar, problems: Problems) -> None:
    """Refuse impossible times and doses before any voxel is read."""
    radiotherapy = radiotherapy_days(case, calendar)
    for number, written in enumerate(case.treatments, start=1):
        with problems.gather(f"treatments, entry {number}"):
            build_course(written, calendar, radiotherapy, None)


def radiotherapy_days(case: CaseFile, calendar: Calendar) -> list[float]:
    days = []
    for written in case.treatments:
        if isinstance(written, WrittenRadiotherapy):
            try:
                days += [f.day for f in written.build(calendar).fractions]
            except DataRefused:
                continue
    return days
