"""Modifications in words: "delayed by 14 days", "without temozolomide", "radiotherapy escalated by 20 %"."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from pydantic import ValidationError

from scenarios.modification import Modification
from scenarios.words import DAYS_OR_WEEKS, NUMBER

NAME = r"([a-z][a-z-]+)"
_MORE, _LESS = "escalated|escalate|increased|raised", "reduced|reduce|lowered|de-escalated"

_DELAY = re.compile(rf"(?:delayed|delay) by {NUMBER} (days?|weeks?)|(?:started )?{NUMBER} (days?|weeks?) later?")
_OMIT = re.compile(rf"(?:without|omit) {NAME}")
_SCALE = re.compile(rf"(?:{NAME} )?({_MORE}|{_LESS})(?: {NAME})? by {NUMBER} ?(?:%|percent)")
_REORDER = re.compile(rf"{NAME} before {NAME}")


def phrase(text: str) -> dict[str, Any] | None:
    """One modification phrase (in lower case) as keys of :class:`Modification`; None if it is none."""
    if found := _DELAY.fullmatch(text):
        return {"delay_days": float(found[1] or found[3]) * DAYS_OR_WEEKS[found[2] or found[4]]}
    if found := _OMIT.fullmatch(text):
        return {"omit": [found[1]]}
    if (found := _SCALE.fullmatch(text)) and (found[1] is None) != (found[3] is None):
        sign = 1.0 if re.fullmatch(_MORE, found[2]) else -1.0
        return {"scale_dose": {found[1] or found[3]: round(1.0 + sign * float(found[4]) / 100.0, 12)}}
    if found := _REORDER.fullmatch(text):
        return {"reorder": [found[1], found[2]]}
    return None


def modification(phrases: Iterable[dict[str, Any]]) -> Modification:
    """All phrases as one modification; ValueError where two of a kind contradict or a name is unknown."""
    keys: dict[str, Any] = {}
    for found in phrases:
        for key, value in found.items():
            if key == "omit":
                keys[key] = [*keys.get(key, []), *value]
            elif key == "scale_dose" and not keys.get(key, {}).keys() & value.keys():
                keys[key] = {**keys.get(key, {}), **value}
            elif key in keys:
                raise ValueError(f"{key.replace('_', ' ')} is said twice")
            else:
                keys[key] = value
    try:
        return Modification.model_validate(keys)
    except ValidationError as error:
        raise ValueError("; ".join(e["msg"].removeprefix("Value error, ") for e in error.errors())) from None
