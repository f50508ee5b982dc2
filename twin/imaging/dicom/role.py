"""What an image series shows, as radiologists call it: from the words of its description, else from its physics.

Nothing is taken for sure that the tags do not say; ``how`` tells on what the name rests, and a mapping file overrules it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from twin.imaging.dicom.element import first, number, text
from twin.imaging.dicom.series import Volume

ROLES = ("t1", "t1gd", "t2", "flair", "adc", "ct", "pet")
OTHER = "other"

_CONTRAST = (
    r"\bgd\b|\bgad|\bkm\b|\+ ?c\b|\bc ?\+|\bce\b|\bcet1|t1ce|t1c\b|t1gd|t1km|\bpost ?(gd|gad|contrast|km|\b)"
    r"|contrast|\bmdc\b"
)
_NOT_ANATOMY = (
    (r"\b(sub|subtraction|subtracted)\b|t1_?sub", "a subtraction"),
    (r"\b(swi|swan|mip|minip|pha|qsm)\b|veno|phase image", "susceptibility or phase images"),
    (r"\b(perf|dsc|dce|rcbv|cbv|cbf|mtt|tmax|asl|pwi|ttp)\b|perfusion", "perfusion"),
    (r"\b(dwi|trace|trac|b ?\d{3,4}|ep2d_diff|dti|colfa|exp|eadc|exponential)\b|tensor|tracew", "diffusion-weighted images"),
    (r"\b(bold|fmri|epi|field ?map|b0map|mrs|csi|svs)\b|spectro", "functional images or spectroscopy"),
    (r"\b(report|screen ?save|capture|dose report|protocol|phoenix)", "a report or a screenshot"),
)
_SPECIAL = {"SUBTRACTION", "MIP", "MINIP", "PHASE", "P", "DIFFUSION", "TRACEW", "FA", "PERFUSION"}
"""Words of ImageType that say that a series is no plain picture of the anatomy."""


@dataclass(frozen=True)
class Role:
    """``name`` is one of :data:`ROLES` or ``other``; ``how`` the reason in words; ``sure`` whether words said it."""

    name: str
    how: str
    sure: bool = True


def role_of(volume: Volume) -> Role:
    """The role of a volume, or ``other`` with the reason why it is set aside."""
    words = _words(volume)
    kinds = {k.upper() for k in volume.kind}
    if volume.series.modality == "CT":
        return Role("ct", "the modality")
    if volume.series.modality == "PT":
        return Role("pet", "the modality")
    if _is_adc(words, kinds):
        return Role("adc", "its image type or description says ADC")
    for pattern, reason in _NOT_ANATOMY:
        if re.search(pattern, words):
            return Role(OTHER, reason)
    if special := kinds & _SPECIAL:
        return Role(OTHER, "a derived or special series: " + ", ".join(sorted(special)))
    if kinds & {"MPR", "REFORMATTED", "PROJECTION IMAGE"}:
        return Role(OTHER, "reformatted from another series")
    return _by_words(volume, words) or _by_physics(volume)


def _words(volume: Volume) -> str:
    header = volume.series.header
    joined = " ".join(text(header, k) for k in ("SeriesDescription", "ProtocolName"))
    return re.sub(r"[_\-/.,;:()\[\]]+", " ", joined.lower())


def _is_adc(words: str, kinds: set[str]) -> bool:
    exponential = "EADC" in kinds or re.search(r"\be ?adc\b|exponential", words)
    return not exponential and ("ADC" in kinds or bool(re.search(r"\badc\b|apparent diffusion", words)))


def _by_words(volume: Volume, words: str) -> Role | None:
    if re.search(r"flair|dark ?fluid|tirm", words):
        return Role("flair", "its description")
    if re.search(r"\bt1|mp ?rage|bravo|spgr|vibe|\btfe\b|fspgr|\bmpr\b", words):
        return _t1(volume, words)
    if re.search(r"\bt2\b(?! ?\*)|\bt2(?!\*|star)\w*", words) and not re.search(r"t2 ?\*|t2 ?star|gre|hemo|haemo", words):
        return Role("t2", "its description")
    return None


def _t1(volume: Volume, words: str) -> Role:
    if re.search(r"\b(pre|native|nativ|without|plain|non ?contrast)\b", words):
        return Role("t1", "its description")
    if re.search(_CONTRAST, words):
        return Role("t1gd", "its description")
    agent = text(volume.series.header, "ContrastBolusAgent")
    if agent and agent.upper() not in ("NO", "NONE", "N"):
        return Role("t1gd", "its description says T1, and its tags name a contrast agent", sure=False)
    return Role("t1", "its description")


def _by_physics(volume: Volume) -> Role:
    """By repetition, echo and inversion time (ms); the usual textbook borders."""
    header = volume.series.header
    repetition, echo, inversion = _times(header)
    if repetition is None or echo is None:
        return Role(OTHER, "neither its description nor its tags tell what it shows", sure=False)
    if echo > 70 and inversion > 1500:
        return Role("flair", "its echo and inversion times", sure=False)
    if echo > 70 and repetition > 2000:
        return Role("t2", "its echo and repetition times", sure=False)
    if echo < 30 and (repetition < 1200 or 300 < inversion < 1500):
        agent = text(header, "ContrastBolusAgent")
        return Role("t1gd" if agent else "t1", "its echo and repetition times and the contrast-agent tag", sure=False)
    return Role(OTHER, "neither its description nor its times tell what it shows", sure=False)


def _times(header: Any) -> tuple[float | None, float | None, float]:
    """Repetition, echo and inversion time (ms) of classic or enhanced images."""
    groups = [first(header, k) for k in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")]
    timing = next((t for g in groups if (t := first(g, "MRTimingAndRelatedParametersSequence"))), header)
    echo = next((e for g in groups if (e := number(first(g, "MREchoSequence"), "EffectiveEchoTime")) is not None), None)
    modifier: Any = next((t for g in groups if (t := first(g, "MRModifierSequence"))), {})
    inversion = number(header, "InversionTime") or number(modifier, "InversionTimes") or 0.0
    return number(timing, "RepetitionTime"), number(header, "EchoTime") if echo is None else echo, inversion
