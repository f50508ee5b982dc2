"""The declared organs as scenes show them: organs at risk, vessels in red, target volumes clear and only on request."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import numpy as np

from twin.patient import Patient
from twin.visual.palette import AT_RISK, TARGET, VESSEL

_TARGET = re.compile(r"\s*(gtv|ctv|ptv|target)", re.IGNORECASE)
_VESSEL = re.compile(r"vessel|arter|vein|venous|aorta|vena", re.IGNORECASE)


@dataclass(frozen=True)
class Structure:
    """One organ of the case; ``opacity`` 1 hides what lies behind."""

    name: str
    mask: np.ndarray = field(repr=False)
    colour: str
    opacity: float

    @property
    def is_target(self) -> bool:
        return self.colour == TARGET


def structures(patient: Patient) -> list[Structure]:
    """The organs of the case in their order, with the look that every scene gives them."""
    found = []
    for i, (name, mask) in enumerate(patient.organs.items()):
        colour = TARGET if _TARGET.match(name) else VESSEL if _VESSEL.search(name) else AT_RISK[i % len(AT_RISK)]
        found.append(Structure(name, mask, colour, 0.22 if colour == TARGET else 1.0))
    return found
