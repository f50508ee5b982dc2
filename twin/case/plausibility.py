"""Doubts about data that can be used: short intervals, jumps in volume, doses beyond the models' range."""

from __future__ import annotations

import itertools

import numpy as np

from twin.geometry.measure import volume_ml
from twin.patient import Patient, Visit

SHORT_DAYS = 28
"""An interval shorter than this can hardly tell progression of glioblastoma (Ellingson 2016)."""


def doubts(patient: Patient) -> list[str]:
    """Sentences about what a careful reader would check, none of which forbids to go on."""
    found = [_alone(patient), *_intervals(patient), *_volumes(patient), *_doses(patient), _surgery(patient)]
    found += [text for visit in patient.visits for text in (_at_the_edge(visit, patient), _small(visit, patient))]
    return [text for text in found if text]


def _alone(patient: Patient) -> str:
    seen = len(patient.seen)
    if seen > 1:
        return ""
    return (
        f"Only {seen} scan may be used for calibration: proliferation and motility cannot be told apart from one scan, "
        "the forecast will rest on the priors."
    )


def _intervals(patient: Patient) -> list[str]:
    return [
        f"Day {a.day:g} to {b.day:g}: {b.day - a.day:g} days are short; under {SHORT_DAYS} days growth can hardly be told "
        "from the error of segmentation."
        for a, b in itertools.pairwise(patient.visits)
        if b.day - a.day < SHORT_DAYS and patient.site == "brain"
    ]


def _volumes(patient: Patient) -> list[str]:
    measured = [(v, volume_ml(v.whole, patient.grid)) for v in patient.visits if v.whole is not None]
    found = []
    for (a, before), (b, after) in itertools.pairwise(measured):
        if before <= 0 or after <= 0:
            continue
        doubling = (b.day - a.day) * np.log(2) / abs(np.log(after / before)) if after != before else np.inf
        if doubling < 14 and max(before, after) > 1:
            word = "doubles" if after > before else "halves"
            found.append(
                f"Day {a.day:g} to {b.day:g}: from {before:.1f} to {after:.1f} mL the lesion {word} every {doubling:.0f} "
                "days; check that both segmentations follow the same rule."
            )
    return found


def _doses(patient: Patient) -> list[str]:
    fractions = [f.dose_gy for _, f in patient.treatments.fractions()]
    found = []
    if fractions and max(fractions) > 10:
        found.append(f"A fraction of {max(fractions):g} Gy: the linear-quadratic law is extrapolated above 8 to 10 Gy.")
    if sum(fractions) > 90:
        found.append(f"{sum(fractions):g} Gy in all is more than any common prescription; check for a course written twice.")
    return found


def _surgery(patient: Patient) -> str:
    shown = [v for v in patient.visits if "cavity" in v.regions and v.regions["cavity"].any()]
    if shown and shown[0].day > 0 and not patient.treatments.resections():
        return f"A resection cavity is segmented on day {shown[0].day:g}, but no resection is listed under treatments."
    return ""


def _at_the_edge(visit: Visit, patient: Patient) -> str:
    """A lesion that touches the border of the image may go on beyond it."""
    whole = visit.whole
    if whole is None or patient.grid.shape[0] < 3:
        return ""
    cut = whole[0].any() or whole[-1].any() or whole[:, 0].any() or whole[:, -1].any() or whole[..., 0].any()
    if cut or whole[..., -1].any():
        return f"Day {visit.day:g}: the lesion reaches the border of the image and may go on beyond it."
    return ""


def _small(visit: Visit, patient: Patient) -> str:
    whole = visit.whole
    count = 0 if whole is None else int(whole.sum())
    if 0 < count < 30:
        return f"Day {visit.day:g}: the lesion has {count} voxels; its volume is uncertain by about half."
    return ""
