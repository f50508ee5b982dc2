"""Which outlined structure is which region of the twin: by code, by an agreed name, or by the person's mapping file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

TISSUE = "tissue"
IGNORE = "ignore"
REGIONS = ("enhancing", "necrosis", "oedema", "non_enhancing", "cavity", "tumour")
TARGETS = (*REGIONS, TISSUE, IGNORE)

NAMES = {
    "enhancing": "(contrast )?enhancing( tumou?r| lesion)?|et|cet|gtv ce|ce tumou?r",
    "necrosis": "necrosis|necrotic|necrotic (tumou?r )?core|ncr|necrotic tumou?r",
    "oedema": "o?edema|peritumou?ral o?edema|snfh|flair( hyperintensity| abnormality| lesion)?|ed",
    "non_enhancing": "non ?enhancing( tumou?r| lesion)?|ncet|netc|net",
    "cavity": "(resection |surgical )?cavity|rc|tumou?r bed",
    "tumour": "gtv( ?t)? ?\\d?|gross tumou?r volume|(whole |primary )?tumou?r|lesion|neoplasm|mass|wt|glioma|glioblastoma",
    TISSUE: "brain|whole brain|brain mask|parenchyma|breast tissue",
    IGNORE: "[cp]tv.*|(body|external|outer contour|skin|couch.*|bolus.*|isocent(er|re).*|marker.*|dose.*|(iso)?dose \\d+.*)",
}
"""Agreed names (lower case, punctuation as spaces) of regions in RTSTRUCT and SEG files."""

LIKE_TUMOUR = re.compile("gtv|tumou?r|lesion|enhanc|necro|edema|glioma|gliobl|metast|cavity|resection|carcinoma|neoplas")
"""Parts of a name by which an outline may be the tumour: it is asked about, neither taken nor passed over."""

CODES = {
    ("108369006", "SCT"): "tumour",
    ("4147007", "SCT"): "tumour",
    ("86049000", "SCT"): "tumour",
    ("14799000", "SCT"): "tumour",
    ("52988006", "SCT"): "tumour",
    ("6574001", "SCT"): "necrosis",
    ("79654002", "SCT"): "oedema",
    ("12738006", "SCT"): TISSUE,
}
"""SNOMED CT codes: neoplasm, mass, primary and secondary neoplasm, lesion, necrosis, oedema, brain."""


@dataclass(frozen=True)
class Meaning:
    """``target``: one of :data:`TARGETS`, or None where nothing tells. ``how``: on what it rests."""

    target: str | None
    how: str


def meaning(name: str, answers: Mapping[str, str], code: tuple[str, str] = ("", "")) -> Meaning:
    """What an outlined structure is. The person's answer wins, then an agreed name, then a code (codes are coarser)."""
    wanted = {tidy(key): target for key, target in answers.items()}
    if tidy(name) in wanted:
        return Meaning(wanted[tidy(name)], "the mapping file")
    for target, pattern in NAMES.items():
        if re.fullmatch(pattern, tidy(name)):
            return Meaning(target, "its name")
    if code in CODES:
        return Meaning(CODES[code], "its code")
    return Meaning(None, "its name is not an agreed one")


def may_be_tumour(name: str) -> bool:
    """Whether a name that is no agreed one speaks of a tumour all the same ("GTV_enhancing", "Tumor recurrence")."""
    return LIKE_TUMOUR.search(tidy(name)) is not None


def tidy(name: str) -> str:
    """Lower case, punctuation as single spaces: "GTV_1" and "gtv 1" are the same."""
    return re.sub(r"[\W_]+", " ", name.lower()).strip()
