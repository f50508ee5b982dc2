"""What organs bear: alpha/beta, dose limits and Lyman-Kutcher-Burman parameters by organ, with their sources.

Every number here was written down from the cited tables without reading them again: confirm before a patient depends on it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

BURMAN = "Burman C, et al. Int J Radiat Oncol Biol Phys 1991;21:123-135"
QUANTEC = "QUANTEC, Int J Radiat Oncol Biol Phys 2010;76(3 Suppl)"


@dataclass(frozen=True)
class Lyman:
    """NTCP = Phi((gEUD_n - TD50) / (m TD50)) of one complication."""

    complication: str
    n: float
    m: float
    td50_gy: float
    citation: str = BURMAN


@dataclass(frozen=True)
class Limit:
    """A dose not to be exceeded, EQD2: in the hottest 0.03 mL ("max"), on average ("mean"), or in the hottest ``share``."""

    kind: Literal["max", "mean", "share"]
    gy: float
    citation: str
    share: float = 0.0

    @property
    def words(self) -> str:
        return f"D{100 * self.share:.0f} %" if self.kind == "share" else self.kind


@dataclass(frozen=True)
class Tolerance:
    """One organ. ``confirm``: the numbers were not read in the source again."""

    organ: str
    alpha_beta_gy: float
    limit: Limit | None
    lyman: Lyman | None = None
    confirm: bool = True


def _of(citation: str) -> str:
    return f"{citation}, in {QUANTEC}"


TOLERANCES = {
    t.organ: t
    for t in (
        Tolerance("brain", 2.0, Limit("max", 72.0, _of("Lawrence 2010")), Lyman("necrosis", 0.25, 0.15, 60.0)),
        Tolerance("brainstem", 2.0, Limit("max", 54.0, _of("Mayo 2010")), Lyman("necrosis", 0.16, 0.14, 65.0)),
        Tolerance("optic chiasm", 2.0, Limit("max", 55.0, _of("Mayo 2010")), Lyman("blindness", 0.25, 0.14, 65.0)),
        Tolerance("optic nerve", 2.0, Limit("max", 55.0, _of("Mayo 2010")), Lyman("blindness", 0.25, 0.14, 65.0)),
        Tolerance("spinal cord", 2.0, Limit("max", 50.0, _of("Kirkpatrick 2010")), Lyman("myelitis", 0.05, 0.175, 66.5)),
        Tolerance("hippocampus", 2.0, Limit("share", 7.3, "Gondi V, et al. IJROBP 2012;83:e487", share=0.4)),
        Tolerance("cochlea", 3.0, Limit("mean", 45.0, _of("Bhandare 2010"))),
        Tolerance(
            "retina", 3.0, Limit("max", 45.0, "Emami B, et al. IJROBP 1991;21:109"), Lyman("blindness", 0.2, 0.19, 65.0)
        ),
        Tolerance("lens", 1.0, Limit("max", 10.0, "Emami B, et al. IJROBP 1991;21:109"), Lyman("cataract", 0.3, 0.27, 18.0)),
        Tolerance("parotid", 3.0, Limit("mean", 25.0, _of("Deasy 2010")), Lyman("xerostomia", 0.7, 0.18, 46.0)),
        Tolerance("lung", 3.0, Limit("mean", 20.0, _of("Marks 2010")), Lyman("pneumonitis", 0.87, 0.18, 24.5)),
        Tolerance("heart", 3.0, Limit("mean", 26.0, _of("Gagliardi 2010")), Lyman("pericarditis", 0.35, 0.10, 48.0)),
        Tolerance("oesophagus", 3.0, Limit("mean", 34.0, _of("Werner-Wasik 2010")), Lyman("stricture", 0.06, 0.11, 68.0)),
        Tolerance("liver", 2.0, Limit("mean", 30.0, _of("Pan 2010")), Lyman("liver failure", 0.32, 0.15, 40.0)),
        Tolerance("kidney", 2.5, Limit("mean", 18.0, _of("Dawson 2010")), Lyman("nephritis", 0.7, 0.10, 28.0)),
        Tolerance("stomach", 3.0, Limit("max", 45.0, _of("Kavanagh 2010")), Lyman("ulceration", 0.15, 0.14, 65.0)),
        Tolerance("small bowel", 3.0, Limit("max", 45.0, _of("Kavanagh 2010")), Lyman("obstruction", 0.15, 0.16, 55.0)),
        Tolerance(
            "rectum",
            3.0,
            Limit("share", 50.0, _of("Michalski 2010"), share=0.5),
            Lyman("late bleeding, grade 2 or more", 0.09, 0.13, 76.9, _of("Michalski 2010")),
        ),
        Tolerance("bladder", 3.0, Limit("max", 65.0, _of("Viswanathan 2010")), Lyman("contracture", 0.5, 0.11, 80.0)),
        Tolerance(
            "femoral head",
            3.0,
            Limit("max", 52.0, "Emami B, et al. IJROBP 1991;21:109"),
            Lyman("necrosis", 0.25, 0.12, 65.0),
        ),
    )
}
"""By organ. A limit is the dose of about 5 % complications, or the one that its source recommends."""

ALIASES = {
    "brain stem": "brainstem",
    "chiasm": "optic chiasm",
    "chiasma": "optic chiasm",
    "cord": "spinal cord",
    "myelon": "spinal cord",
    "hippocampi": "hippocampus",
    "esophagus": "oesophagus",
    "bowel": "small bowel",
    "parotid gland": "parotid",
    "whole brain": "brain",
    "normal brain": "brain",
}
SIDES = re.compile(r"\b(left|right|l|r|lt|rt|both|bilateral)\b")


def tolerance(name: str) -> Tolerance | None:
    """What is known of the organ of that name ("Hippocampus_L", "lungs"), or None."""
    plain = " ".join(SIDES.sub(" ", re.sub(r"[_\-(),.]+", " ", name.lower())).split())
    for candidate in (plain, plain.removesuffix("s")):
        candidate = ALIASES.get(candidate, candidate)
        if candidate in TOLERANCES:
            return TOLERANCES[candidate]
    return None
