"""The numbers of TotalSegmentator v2, task "total" (117 classes), and the organs that they make.

Wasserthal et al. 2023, Radiol Artif Intell 5:e230024; numbers as in the table of its release 2
(github.com/wasserth/TotalSegmentator, totalsegmentator/map_to_binary.py, class map "total").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType

from twin.errors import DataRefused
from twin.registry import unknown


def _pair(*names: str, first: str = "left") -> list[str]:
    sides = ("left", "right") if first == "left" else ("right", "left")
    return [f"{name}_{side}" for name in names for side in sides]


def _vertebrae() -> Iterator[str]:
    """From the sacrum up."""
    for part, count in (("L", 5), ("T", 12), ("C", 7)):
        yield from (f"vertebrae_{part}{number}" for number in range(count, 0, -1))


CLASSES: tuple[str, ...] = (
    "spleen",
    *_pair("kidney", first="right"),
    *("gallbladder", "liver", "stomach", "pancreas"),
    *_pair("adrenal_gland", first="right"),
    *("lung_upper_lobe_left", "lung_lower_lobe_left"),
    *(f"lung_{lobe}_lobe_right" for lobe in ("upper", "middle", "lower")),
    *("esophagus", "trachea", "thyroid_gland", "small_bowel", "duodenum", "colon", "urinary_bladder", "prostate"),
    *_pair("kidney_cyst"),
    *("sacrum", "vertebrae_S1", *_vertebrae()),
    *("heart", "aorta", "pulmonary_vein", "brachiocephalic_trunk"),
    *_pair("subclavian_artery", "common_carotid_artery", first="right"),
    *_pair("brachiocephalic_vein"),
    *("atrial_appendage_left", "superior_vena_cava", "inferior_vena_cava", "portal_vein_and_splenic_vein"),
    *_pair("iliac_artery", "iliac_vena", "humerus", "scapula", "clavicula", "femur", "hip"),
    "spinal_cord",
    *_pair("gluteus_maximus", "gluteus_medius", "gluteus_minimus", "autochthon", "iliopsoas"),
    *("brain", "skull"),
    *(f"rib_{side}_{number}" for side in ("left", "right") for number in range(1, 13)),
    *("sternum", "costal_cartilages"),
)
"""Every class; the first has number 1."""

NUMBERS = MappingProxyType({name: number for number, name in enumerate(CLASSES, start=1)})

_JOINED = {
    "kidney": "kidney_(left|right)",
    "lung": "lung_.*",
    "lung_left": "lung_.*_left",
    "lung_right": "lung_.*_right",
    "adrenal_gland": "adrenal_gland_.*",
    "femur": "femur_.*",
    "hip": "hip_.*",
    "vertebrae": "vertebrae_.*",
    "rib": "rib_.*",
    "humerus": "humerus_.*",
    "scapula": "scapula_.*",
    "clavicula": "clavicula_.*",
}
"""Organs of several classes."""

ALIASES = {"oesophagus": "esophagus", "bladder": "urinary_bladder", "thyroid": "thyroid_gland", "bowel": "small_bowel"}

ORGANS = MappingProxyType(
    {organ: tuple(NUMBERS[c] for c in CLASSES if re.fullmatch(pattern, c)) for organ, pattern in _JOINED.items()}
    | {name: (number,) for name, number in NUMBERS.items()}
)
"""Organ -> numbers: every class, and what several make together."""


_PLAIN = {name.lower(): numbers for name, numbers in ORGANS.items()}


def organ_numbers(name: str) -> tuple[int, ...]:
    """The numbers of an organ by its name ("lung", "Spinal cord", "kidney_left"), or a refusal that names the nearest."""
    plain = re.sub(r"[\s\-]+", "_", name.strip().lower())
    for candidate in (plain, plain.removesuffix("s")):
        candidate = ALIASES.get(candidate, candidate)
        if candidate in _PLAIN:
            return _PLAIN[candidate]
    raise DataRefused(
        unknown("organ of TotalSegmentator", name, list(ORGANS)),
        why="its numbers are taken from the published table of 117 classes",
        remedy="name it as the table does (docs/reference/case-file.md), or write its `labels` yourself",
    )
