"""The seam of response criteria: what was measured on each visit in, a category with its rule and numbers out."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from twin.errors import DataRefused
from twin.registry import Registry

WEEK = 7.0
CONFIRMED_AFTER = 4 * WEEK
"""A response or a preliminary progression is confirmed by a scan at least four weeks later."""


@dataclass(frozen=True)
class Assessment:
    """What a reader found on one visit.

    ``size``: the target lesions in the measure of the scheme (sum of diameters in mm, sum of products in mm2, volume in mL);
    None if it could not be evaluated. ``second``: the non-enhancing component in the same measure, where there is one.
    ``only_small_nodes``: all that is left are lymph nodes below 10 mm in short axis. ``non_target``: lesions that are
    followed without being measured. ``new_size``: sum of the new measurable lesions; ``new_count``: new lesions so far.
    ``steroids`` and ``clinical`` are relative to the baseline. ``flair_worse``: significantly more T2-FLAIR change.
    ``beyond_doubt``: new enhancement outside the 80 % isodose, or progression seen in tissue.
    """

    day: float
    size: float | None
    second: float | None = None
    only_small_nodes: bool = False
    non_target: Literal["none", "gone", "present", "worse", "not seen"] = "none"
    new_lesion: Literal["none", "small", "measurable"] = "none"
    new_size: float = 0.0
    new_count: int = 0
    steroids: Literal["none", "less", "same", "more"] = "none"
    clinical: Literal["better", "stable", "worse"] = "stable"
    flair_worse: bool = False
    beyond_doubt: bool = False

    @property
    def gone(self) -> bool:
        """Whether the target lesions count as disappeared."""
        return self.size == 0 or (self.only_small_nodes and self.size is not None)


@dataclass(frozen=True)
class Verdict:
    """The category of one visit, the rule that gave it, and the numbers it was applied to.

    ``confirmed``: None where the scheme asks for no confirmation of this category. ``since``: the day from which a confirmed
    progression counts, that of the scan which first showed it. Changes are in percent.
    """

    day: float
    category: str
    rule: str
    size: float | None = None
    baseline: float | None = None
    nadir: float | None = None
    confirmed: bool | None = None
    since: float | None = None

    @property
    def from_baseline(self) -> float | None:
        return change_percent(self.size, self.baseline)

    @property
    def from_nadir(self) -> float | None:
        return change_percent(self.size, self.nadir)


class Criteria(ABC):
    """A response scheme. One class a file in ``scenarios/response``, registered with ``@criteria.register(name)``."""

    label: str
    unit: str
    citation: str

    @abstractmethod
    def assess(self, scans: Sequence[Assessment], radiotherapy_end: float | None = None) -> list[Verdict]:
        """A verdict for each visit, in order. DataRefused for visits out of order or without a baseline measurement."""


criteria: Registry[Criteria] = Registry("response criteria", "scenarios.response")


def change_percent(size: float | None, reference: float | None) -> float | None:
    """100 (size / reference - 1); None where it is not defined."""
    if size is None or reference is None or reference == 0:
        return None
    return 100.0 * (size / reference - 1.0)


def at_least(size: float, factor: float, reference: float) -> bool:
    """size >= factor x reference, to rounding: 1.2 x 50 mm is met by 60 mm."""
    return size >= factor * reference - 1e-9 * max(1.0, reference)


def at_most(size: float, factor: float, reference: float) -> bool:
    """size <= factor x reference, to rounding."""
    return size <= factor * reference + 1e-9 * max(1.0, reference)


def check_order(scans: Sequence[Assessment]) -> None:
    """Refuse an empty series and visits that do not follow each other."""
    days = [s.day for s in scans]
    if not days or any(b <= a for a, b in itertools.pairwise(days)):
        raise DataRefused(
            f"The visits are on days {days}; a response needs them in order.",
            where="response",
            remedy="give at least one visit, ordered by day, one a day",
        )


def baseline_after_radiotherapy(scans: Sequence[Assessment], radiotherapy_end: float | None, after: float) -> int:
    """Index of the first scan ``after`` days or more past the last fraction; the first scan where there was none, and
    past the end (len) where no such scan exists."""
    if radiotherapy_end is None:
        return 0
    return next((i for i, s in enumerate(scans) if s.day >= radiotherapy_end + after), len(scans))


def sustained(verdicts: Sequence[Verdict], categories: Sequence[str], day: float) -> bool:
    """Whether the unbroken run of ``categories`` that ends with the verdicts so far began four weeks before ``day``."""
    began = day
    for verdict in reversed(verdicts):
        if verdict.category not in categories:
            break
        began = verdict.day
    return day - began >= CONFIRMED_AFTER
