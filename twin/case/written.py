"""What every hand-written part of a case file shares: unknown keys refused, values frozen, times as days or dates."""

from __future__ import annotations

import datetime
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from twin.errors import DataRefused

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


LONGEST_DAYS = 36525
"""A hundred years: a day beyond it is a mistake."""


class Written(BaseModel):
    """Base of everything written by hand."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True, use_attribute_docstrings=True)


def _relative(value: Any) -> str:
    """A path below the case file's folder, as text with forward slashes."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"'{value}' is no file; name it by its path relative to the case file, such as day000/adc.nii.gz")
    parts = value.replace("\\", "/").split("/")
    if value.startswith(("/", "~")) or ":" in parts[0] or ".." in parts:
        raise ValueError(f"'{value}' leaves the folder of the case file; put case.yaml above its images")
    return "/".join(p for p in parts if p not in ("", "."))


FilePath = Annotated[str, BeforeValidator(_relative)]
"""A path relative to the case file; it may not leave that folder."""

Date = datetime.date | datetime.datetime
"""A date, or a date with a clock time."""


@dataclass(frozen=True)
class Calendar:
    """Dates and days of one case. Day 0 is the baseline scan; ``first_weekday`` is its weekday (0 = Monday).

    A date without a clock counts whole days from the date of day 0; a clock time is kept. ``origin_day`` shifts every
    written day (a regimen's own day 0).
    """

    day0: Date | None = None
    first_weekday: int = 0
    origin_day: float = 0.0

    def day(self, day: float | None, date: Date | None, what: str = "a time") -> float:
        """Clock time in days of a moment written as a day or as a date."""
        if day is not None:
            if not abs(day) <= LONGEST_DAYS:
                raise DataRefused(
                    f"{what} is on day {day:g}.",
                    where=what,
                    why="days count from the baseline scan",
                    remedy="write the days since the baseline scan, or a date such as 2026-02-02",
                )
            return self.origin_day + day
        if date is None:
            raise DataRefused(f"{what} has neither a day nor a date.", where=what, remedy="write one of the two")
        if self.day0 is None:
            raise DataRefused(
                f"{what} is given by a date, but the date of day 0 is not known.",
                where=what,
                why="the days between the baseline scan and the treatment are what the model needs",
                remedy="write `day0: YYYY-MM-DD` at the top of the case, or give a date to the first visit",
            )
        return days_between(self.day0, date)

    def weekday(self, day: float) -> int:
        """The weekday (0 = Monday) of a clock time."""
        return (self.first_weekday + math.floor(day)) % 7


def days_between(first: Date, second: Date) -> float:
    """Days from ``first`` to ``second``: exact where the second has a clock time, whole days where it has not."""
    if isinstance(second, datetime.datetime):
        start = first if isinstance(first, datetime.datetime) else datetime.datetime.combine(first, datetime.time())
        return (second.replace(tzinfo=None) - start.replace(tzinfo=None)).total_seconds() / 86400.0
    return float((second - date_of(first)).days)


def date_of(moment: Date) -> datetime.date:
    """The date without the clock time."""
    return moment.date() if isinstance(moment, datetime.datetime) else moment


def wrong(what: str, why: str, remedy: str) -> PydanticCustomError:
    """An error for a validator to raise, in the parts of :class:`~twin.errors.DataRefused`.

    A plain ValueError("what; remedy") serves where the reason is plain.
    """
    return PydanticCustomError("wrong", "{what}", {"what": what, "why": why, "remedy": remedy})


def one_of(model: BaseModel, names: Sequence[str], needed: bool = True) -> None:
    """ValueError unless exactly one (at most one where it is not ``needed``) of the keys is written."""
    given = [n for n in names if getattr(model, n) is not None]
    if len(given) > 1:
        raise ValueError(f"{' and '.join(given)} are both written; keep one of {', '.join(names)}")
    if needed and not given:
        raise ValueError(f"none of {', '.join(names)} is written; write one")
