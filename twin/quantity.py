"""Doses and days as a person writes them: "60 Gy", "AUC 5", "days 1-5"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

DURING_RADIOTHERAPY = "during radiotherapy"
"""Instead of days of a cycle: each day from the first to the last fraction."""

UNITS = {"gy": "Gy", "mg/m2": "mg/m2", "mg/m²": "mg/m2", "mg/m^2": "mg/m2", "auc": "AUC", "mg": "mg"}
_NUMBER = r"([0-9]*\.?[0-9]+(?:[eE][-+]?[0-9]+)?)"
_NUMBER_UNIT = re.compile(rf"\s*{_NUMBER}\s*([a-zA-Z][a-zA-Z/0-9²^]*)?\s*$")
_UNIT_NUMBER = re.compile(rf"\s*(AUC)\s*{_NUMBER}\s*$", re.IGNORECASE)


@dataclass(frozen=True)
class Quantity:
    """A number with a unit; prints as "60 Gy" or "AUC 5"."""

    value: float
    unit: str

    def __str__(self) -> str:
        return f"AUC {self.value:g}" if self.unit == "AUC" else f"{self.value:g} {self.unit}"


def quantity(text: object) -> Quantity:
    """Parse "60 Gy", "75 mg/m2" or "AUC 5". A bare number raises ValueError: a unit is never guessed."""
    if isinstance(text, Quantity):
        return text
    written = str(text)
    if found := _UNIT_NUMBER.match(written):
        return Quantity(float(found[2]), "AUC")
    found = _NUMBER_UNIT.match(written)
    if not found:
        raise ValueError(f"'{written}' is not a dose; write a number and its unit, such as '60 Gy' or '75 mg/m2'")
    if not found[2]:
        raise ValueError(f"the dose {written} has no unit; write '{written} Gy' or '{written} mg/m2'")
    if found[2].lower() not in UNITS:
        raise ValueError(f"the unit '{found[2]}' of '{written}' is unknown; known: {', '.join(sorted(set(UNITS.values())))}")
    return Quantity(float(found[1]), UNITS[found[2].lower()])


def in_unit(text: object, unit: str, what: str) -> Quantity:
    """A positive quantity in the unit that belongs to ``what``; ValueError otherwise."""
    found = quantity(text)
    if found.unit != unit:
        raise ValueError(f"{what} is given in {unit}, not in {found.unit} ('{text}')")
    if found.value <= 0:
        raise ValueError(f"a dose of {found} is no dose; leave the course out instead")
    return found


def cycle_days(value: Any) -> tuple[int, ...]:
    """Days of a cycle from "1-5", "1, 8, 15", 1 or [1, 8]; ValueError if they are none."""
    parts = value if isinstance(value, list | tuple) else str(value).split(",")
    days: list[int] = []
    for part in parts:
        found = re.fullmatch(r"\s*(\d+)(?:\s*-\s*(\d+))?\s*", str(part))
        if not found or int(found[1]) < 1 or (found[2] and int(found[2]) < int(found[1])):
            raise ValueError(f"'{part}' is no day of a cycle; write '1-5', '1, 8, 15' or '{DURING_RADIOTHERAPY}'")
        days += range(int(found[1]), int(found[2] or found[1]) + 1)
    return tuple(days)
