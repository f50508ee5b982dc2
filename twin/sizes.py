"""A patient of whom only sizes are known: volumes or diameters of one lesion over time, and the treatments."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from twin.errors import DataRefused
from twin.treatment import Plan


@dataclass(frozen=True)
class Size:
    """One reading of the lesion: ``volume_ml``, or ``diameter_mm`` (the longest, RECIST); 0 where it was not seen."""

    day: float
    name: str
    volume_ml: float | None = None
    diameter_mm: float | None = None
    held_out: bool = False


@dataclass(frozen=True)
class SizeSeries:
    """Readings ordered by day, the first on day 0, and what was given or is firmly scheduled."""

    name: str
    site: str
    sizes: tuple[Size, ...] = field(repr=False)
    treatments: Plan = Plan()
    first_weekday: int = 0
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        days = [s.day for s in self.sizes]
        if not days or days[0] != 0 or any(a >= b for a, b in itertools.pairwise(days)) or self.sizes[0].held_out:
            raise DataRefused(
                f"The sizes are on days {days}; they must start on day 0, seen, and increase.",
                where="sizes",
                why="growth is learnt from the change between one reading and the next",
                remedy="order the readings by date; two readings of one day are one",
            )

    @property
    def seen(self) -> tuple[Size, ...]:
        """The readings that a calibration may use."""
        return tuple(s for s in self.sizes if not s.held_out)
