"""Visits that contradict each other: said before any hour is spent on fitting them."""

from __future__ import annotations

import itertools

import numpy as np

from calibration.evaluation import seen
from twin.errors import DataRefused
from twin.patient import Patient, Visit
from twin.treatment import Resection

FASTEST_DOUBLING_DAYS = 2.0
"""No solid tumour doubles its volume faster; published doubling times of untreated glioblastoma have a median of about
50 days (Stensjoen et al. 2015, Neuro Oncol 17:1402)."""

LEAST_ML = 0.5
"""Lesions smaller than this may move by more than their own size between two readings."""


def contradictions(patient: Patient) -> list[str]:
    """One sentence for each pair of visits seen that cannot both be right. Pairs with an operation between are left out."""
    cuts = [c.day for c in patient.treatments.courses if isinstance(c, Resection)]
    pairs = [(a, b) for a, b in itertools.pairwise(patient.seen) if not any(a.day <= day < b.day for day in cuts)]
    return [sentence for a, b in pairs for sentence in _between(patient, a, b)]


def refuse_contradictions(patient: Patient) -> None:
    """DataRefused with every contradiction."""
    found = contradictions(patient)
    if found:
        raise DataRefused(
            " ".join(found),
            where="visits",
            why="a fit would explain the mistake by the tumour's biology",
            remedy="check dates, labels and the alignment of these visits (`oncotwin inspect`); hold a doubtful one out",
        )


def _between(patient: Patient, a: Visit, b: Visit) -> list[str]:
    first, second = seen(patient, a), seen(patient, b)
    if min(first.volume_ml, second.volume_ml) < LEAST_ML:
        return []
    words, days = [], b.day - a.day
    rate = np.log(second.volume_ml / first.volume_ml) / days
    if rate > np.log(2.0) / FASTEST_DOUBLING_DAYS:
        words.append(
            f"From '{a.name}' to '{b.name}' the lesion grows from {first.volume_ml:.1f} to {second.volume_ml:.1f} mL "
            f"in {days:g} days: no tumour doubles in {np.log(2.0) / rate:.1f} days."
        )
    if not (first.mask & second.mask).any():
        words.append(
            f"The lesions of '{a.name}' and '{b.name}' do not touch each other: other lesions, or scans not aligned."
        )
    return words


def vanished(patient: Patient) -> list[str]:
    """A sentence for each visit seen after the first on which no lesion is left."""
    return [
        f"On '{visit.name}' (day {visit.day:g}) no lesion is segmented: the fit takes it as gone, and rates of growth rest "
        "on the other visits."
        for visit in patient.seen[1:]
        if visit.whole is not None and not visit.whole.any()
    ]
