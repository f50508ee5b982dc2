"""The library of regimens: one YAML file each, with its citation."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pydantic import Field

from scenarios.door import Written, read_yaml
from scenarios.schedule import in_words
from scenarios.written import WrittenCourse, build_plan, unmodelled
from twin.errors import UsageError
from twin.registry import unknown
from twin.treatment import Plan

FOLDER = Path(__file__).with_name("regimens")


class Regimen(Written):
    """A published schedule. Day 0 is its first day; ``confirm``: the paper was not re-read, check it before use."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    label: str
    site: str
    indication: str
    citation: str = Field(min_length=10)
    doi: str = ""
    confirm: bool = False
    note: str = ""
    courses: tuple[WrittenCourse, ...] = Field(min_length=1)

    def build(self, from_day: float, first_weekday: int = 0, relative_dose: np.ndarray | None = None) -> Plan:
        """The regimen from ``from_day`` on; ``first_weekday`` is the weekday of the patient's day 0 (0 = Monday)."""
        return build_plan(self.courses, from_day, first_weekday, relative_dose)

    @property
    def not_modelled(self) -> list[str]:
        """Drugs that are listed, but whose effect no model computes."""
        return unmodelled(self.courses)

    @property
    def words(self) -> str:
        """The schedule from day 0, a Monday, in words."""
        text = in_words(self.build(0.0))
        return text + "".join(f"; {name} (listed, its effect is not computed)" for name in self.not_modelled)


def regimen(name: str) -> Regimen:
    """The regimen of that name; :class:`UsageError` with the nearest name if there is none."""
    found = library()
    if name not in found:
        raise UsageError(unknown("regimen", name, list(found)), remedy=f"known: {', '.join(found)}")
    return found[name]


def regimens() -> Iterator[Regimen]:
    """Every regimen, by site and name."""
    return iter(sorted(library().values(), key=lambda r: (r.site, r.id)))


@functools.cache
def library() -> dict[str, Regimen]:
    """Every regimen by its id, read once."""
    found = [read_yaml(path, Regimen) for path in sorted(FOLDER.glob("*.yaml"))]
    return {r.id: r for r in found}
