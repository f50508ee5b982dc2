"""Label numbers of segmentations by name. Names are portable, numbers are not: "4" is enhancing tumour in BraTS 2021,
the resection cavity in BraTS 2024 and necrosis in GliODIL."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

from twin.errors import DataRefused
from twin.registry import unknown

Region = Literal["enhancing", "necrosis", "oedema", "non_enhancing", "cavity", "tumour"]
"""The names of regions that the twin knows (twin.patient.CORE and WHOLE add them up)."""

REGIONS: tuple[str, ...] = get_args(Region)

SPELLINGS = {
    "edema": "oedema",
    "tumor": "tumour",
    "whole_tumor": "tumour",
    "whole_tumour": "tumour",
    "non-enhancing": "non_enhancing",
    "nonenhancing": "non_enhancing",
    "necrotic": "necrosis",
    "resection_cavity": "cavity",
}
"""Other spellings that mean the same."""


@dataclass(frozen=True)
class Preset:
    """The label numbers of a published convention, with the place where it is stated."""

    name: str
    labels: MappingProxyType[str, tuple[int, ...]]
    source: str


def _preset(name: str, source: str, **labels: int) -> Preset:
    return Preset(name, MappingProxyType({region: (number,) for region, number in labels.items()}), source)


PRESETS = {
    p.name: p
    for p in (
        _preset(
            "brats2021",
            "Baid et al. 2021, arXiv:2107.02314 (2017 to 2021: 1 NCR, 2 ED, 4 ET)",
            necrosis=1,
            oedema=2,
            enhancing=4,
        ),
        _preset(
            "brats2023",
            "BraTS 2023 adult glioma, synapse.org/brats2023 (1 NCR, 2 ED, 3 ET)",
            necrosis=1,
            oedema=2,
            enhancing=3,
        ),
        _preset(
            "brats2024",
            "de Verdier et al. 2024, arXiv:2405.18368, BraTS 2024 post-treatment glioma (1 NETC, 2 SNFH, 3 ET, 4 RC)",
            necrosis=1,
            oedema=2,
            enhancing=3,
            cavity=4,
        ),
        _preset(
            "gliodil",
            "Balcerak et al. 2023, arXiv:2312.05063, and the README of their program (1 enhancing, 3 oedema, 4 necrotic "
            "core); others who used the data read 1 as non-enhancing and 4 as enhancing: look at the images",
            enhancing=1,
            oedema=3,
            necrosis=4,
        ),
    )
}


def preset(name: str) -> Preset:
    """The preset of that name, or a refusal that names the nearest."""
    if name not in PRESETS:
        raise DataRefused(
            unknown("label preset", name, sorted(PRESETS)),
            why="the numbers in a segmentation mean different things in different conventions",
            remedy=f"known: {', '.join(sorted(PRESETS))}; or write your own: labels: {{enhancing: 3, oedema: 2}}",
        )
    return PRESETS[name]


def matching(numbers: set[int]) -> list[str]:
    """The presets that know every one of these label numbers."""
    return [name for name, p in PRESETS.items() if numbers <= {n for group in p.labels.values() for n in group}]
