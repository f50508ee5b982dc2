"""What an import found and did, in words and as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from twin import RESEARCH_USE_ONLY
from twin.errors import DataRefused


@dataclass(frozen=True)
class ImportReport:
    """``lines`` tell what is there and what was done; ``problems`` are questions and defects, each with its remedy.

    ``facts`` say the same for programs: visits, files, units, where each came from.
    """

    out: Path
    lines: tuple[str, ...]
    problems: tuple[DataRefused, ...]
    facts: dict[str, Any] = field(repr=False, default_factory=dict)

    @property
    def complete(self) -> bool:
        """Whether nothing is left to answer or mend."""
        return not self.problems

    def as_json(self) -> dict[str, Any]:
        return {
            "notice": RESEARCH_USE_ONLY,
            "complete": self.complete,
            "lines": list(self.lines),
            "problems": [{"what": p.what, "where": p.where, "why": p.why, "remedy": p.remedy} for p in self.problems],
            **self.facts,
        }

    def __str__(self) -> str:
        return "\n".join([*self.lines, *(f"\nProblem: {p}" for p in self.problems)])


@dataclass
class Notebook:
    """Collects lines, problems and facts while an import runs."""

    lines: list[str] = field(default_factory=list)
    problems: list[DataRefused] = field(default_factory=list)
    facts: dict[str, Any] = field(default_factory=dict)

    def say(self, line: str) -> None:
        self.lines.append(line)

    def problem(self, what: str, where: str = "", why: str = "", remedy: str = "") -> None:
        self.problems.append(DataRefused(what, where=where, why=why, remedy=remedy))

    def report(self, out: Path) -> ImportReport:
        return ImportReport(out, tuple(self.lines), tuple(self.problems), self.facts)
