"""Rows of evidence and the table they make."""

from __future__ import annotations

import importlib.metadata
import json
import platform
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from twin import RESEARCH_USE_ONLY, __version__
from twin.store import plain, save_json, save_text


@dataclass(frozen=True)
class Row:
    """One measured number: it passes if low <= measured <= high. ``what`` says what was measured, with its unit."""

    topic: str
    case: str
    engine: str
    what: str
    measured: float
    low: float
    high: float

    @property
    def passed(self) -> bool:
        return self.low <= self.measured <= self.high

    @property
    def bound(self) -> str:
        if self.low == self.high:
            return f"{self.low:g}"
        if self.low == -float("inf") or (self.low == 0 and self.high < 1):
            return f"<= {self.high:g}"
        return f"{self.low:g} to {self.high:g}"

    def line(self) -> str:
        mark = "ok" if self.passed else "FAILED"
        return f"{mark:6} {self.topic:22} {self.case:44} {self.engine:7} {self.what:34} {self.measured:<12.5g} {self.bound}"


@dataclass(frozen=True)
class Table:
    """All rows, in the order they were measured."""

    rows: tuple[Row, ...]
    quick: bool = False

    @property
    def passed(self) -> bool:
        return all(row.passed for row in self.rows)

    @property
    def failed(self) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if not row.passed)

    def markdown(self) -> str:
        """A table for each topic, as Markdown."""
        parts = [f"# Verification\n\n{INTRODUCTION}\n\n{self._summary()}\n"]
        for topic in dict.fromkeys(row.topic for row in self.rows):
            rows = [row for row in self.rows if row.topic == topic]
            parts.append(f"\n## {topic}\n\n| case | engine | measured | value | bound | |\n|---|---|---|---|---|---|")
            parts += [
                f"| {r.case} | {r.engine} | {r.what} | {r.measured:.5g} | {r.bound} | {'ok' if r.passed else '**failed**'} |"
                for r in rows
            ]
        return "\n".join(parts) + "\n"

    def _summary(self) -> str:
        tried = versions()
        kind = "the quick form" if self.quick else "the full form"
        count = f"{len(self.rows) - len(self.failed)} of {len(self.rows)} checks passed"
        return f"{count} ({kind}; {', '.join(f'{k} {v}' for k, v in tried.items())})."

    def save(self, out: Path) -> None:
        """``verification.json`` and ``verification.md`` in the folder ``out``."""
        save_text(out / "verification.md", self.markdown())
        rows = [{**row.__dict__, "passed": row.passed} for row in self.rows]
        save_json(
            out / "verification.json",
            {"notice": RESEARCH_USE_ONLY, "quick": self.quick, "versions": versions(), "rows": plain(json_safe(rows))},
        )


def versions() -> dict[str, str]:
    """What the numbers depend on."""
    found = {"oncotwin": __version__, "python": platform.python_version()}
    for name in ("numpy", "scipy", "numba", "fipy"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


INTRODUCTION = (
    "Written by `oncotwin verify`: manufactured and closed-form solutions, conservation, bounds, repeatability, and "
    "one engine against the other. The same checks run in a quick form with the tests. `value` must lie in `bound`."
)


def json_safe(rows: Iterable[dict]) -> list[dict]:
    """Infinite bounds as null."""
    return json.loads(json.dumps(list(rows), default=float).replace("-Infinity", "null").replace("Infinity", "null"))
