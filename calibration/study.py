"""The seam of a validation study: what is measured on each case, and what all cases together say against which bars."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from twin.registry import Registry

Row = Mapping[str, Any]
"""What was measured on one case: plain numbers, words and lists, as they stand in the store."""


@dataclass(frozen=True)
class Check:
    """One measured number against its bar, low <= measured <= high; without ``low`` and ``high`` it is only told."""

    what: str
    measured: float
    low: float = -float("inf")
    high: float = float("inf")
    note: str = ""

    @property
    def met(self) -> bool:
        return self.low <= self.measured <= self.high

    @property
    def bar(self) -> str:
        low, high = self.low > -float("inf"), self.high < float("inf")
        if low and high:
            return f"{self.low:g} to {self.high:g}"
        return f"at least {self.low:g}" if low else f"at most {self.high:g}" if high else ""

    def line(self) -> str:
        verdict = ("yes" if self.met else "**no**") if self.bar else ""
        return f"| {self.what} | {self.measured:.3g} | {self.note} | {self.bar} | {verdict} |"


@dataclass(frozen=True)
class Page:
    """A study's result: its checks, the text around them (Markdown below the heading), and a drawing of it.

    ``draw`` writes one picture to the path that it is given.
    """

    checks: tuple[Check, ...]
    text: str = ""
    draw: Callable[[Path], None] | None = field(default=None, repr=False)

    @property
    def met(self) -> bool:
        return all(check.met for check in self.checks)


class Study(ABC):
    """One file of ``calibration/studies`` registers one or more of these; ``oncotwin validate NAME`` runs it.

    ``data``: name of the folder it reads inside the folder given with ``--data``, empty where it makes its own data.
    ``size``: number of cases that the table is about, where the study can have more or fewer.
    """

    title: ClassVar[str]
    data: ClassVar[str] = ""
    size: ClassVar[int] = 1

    @abstractmethod
    def cases(self, size: int, seed: int, data: Path | None) -> Sequence[str]:
        """The keys of the cases. What was measured for a key is not measured again."""

    @abstractmethod
    def measure(self, key: str, data: Path | None) -> Row:
        """One case. An OncotwinError becomes a row {"failed": words}."""

    @abstractmethod
    def page(self, rows: Sequence[Row]) -> Page:
        """What the rows (in the order of the cases, failed ones among them) say."""


studies: Registry[type[Study]] = Registry("study", "calibration.studies")
