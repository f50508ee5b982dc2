"""Drugs: the pharmacology that the models need, with sources."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from twin.errors import DataRefused
from twin.registry import unknown


@dataclass(frozen=True)
class Drug:
    """A drug's plasma half-life (h) and the reference dose to which sensitivities refer.

    The decay rate of its effect is ln 2 / half-life: a half-life is not a time constant. A sensitivity is stated per day
    at ``reference_dose``; another dose scales it in proportion, so 50 and 500 mg/m2 differ tenfold. ``kind`` says which
    effect responds to it: cytotoxic drugs kill cells, immune ones bring effector cells. ``radiosensitiser``: cells are more
    sensitive to radiation while it is present.
    """

    name: str
    half_life_h: float
    reference_dose: float
    dose_unit: str
    source: str
    kind: Literal["cytotoxic", "immune"] = "cytotoxic"
    radiosensitiser: bool = False

    @property
    def decay_per_day(self) -> float:
        """First-order decay, 1/day."""
        return math.log(2.0) * 24.0 / self.half_life_h


DRUGS = {
    d.name: d
    for d in (
        Drug(
            "temozolomide",
            1.8,
            75.0,
            "mg/m2",
            "Stupp 2005, NEJM 352:987 (regimen); half-life 1.8 h, Baker 1999",
            radiosensitiser=True,
        ),
        Drug("doxorubicin", 24.0 * math.log(2.0) / 0.6, 60.0, "mg/m2", "decay 0.35-0.85 /day, TNBC_DigitalTwins; middle"),
        Drug(
            "cyclophosphamide",
            24.0 * math.log(2.0) / 3.25,
            600.0,
            "mg/m2",
            "decay 1.0-5.5 /day, TNBC_DigitalTwins; middle",
        ),
        Drug(
            "paclitaxel", 20.2, 80.0, "mg/m2", "terminal half-life 13-53 h, 20.2 h for 175 mg/m2 in 3 h, Taxol label (FDA)"
        ),
        Drug("carboplatin", 4.25, 5.0, "AUC", "terminal half-life 2.6-5.9 h, middle, Paraplatin label (FDA)"),
        Drug("pembrolizumab", 22.0 * 24.0, 200.0, "mg", "terminal half-life 22 d, Keytruda label (FDA)", "immune"),
    )
}


def drug(name: str) -> Drug:
    """The drug of that name, or a refusal that names the nearest known one."""
    if name not in DRUGS:
        raise DataRefused(
            unknown("drug", name, sorted(DRUGS)),
            why="its decay and reference dose are needed to compute its effect",
            remedy=f"known: {', '.join(sorted(DRUGS))}",
        )
    return DRUGS[name]
