"""Whether the twin reproduces the last scan that it saw; a comparison built on one that does not is not to be read."""

from __future__ import annotations

import numpy as np

from calibration.evaluation import seen
from scenarios.differences import LEVEL
from twin.patient import Patient

FAR_OFF = 0.25
"""Relative error of the volume on the last scan seen beyond which nothing is ranked: the smallest change that the response
criteria count as one (RANO, bidimensional product)."""


def missed_scan(drawn: np.ndarray, patient: Patient) -> str:
    """:func:`mismatch` of the volumes ``drawn`` on the day of the last scan seen with what that scan showed."""
    last = patient.seen[-1]
    return mismatch(drawn, last.day, seen(patient, last).volume_ml)


def mismatch(drawn: np.ndarray, day: float, observed_ml: float) -> str:
    """A sentence where the volumes ``drawn`` miss the one observed on ``day``, else "".

    They miss it when it lies outside their 90 % interval and their median is off by more than ``FAR_OFF``.
    """
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size or observed_ml <= 0:
        return ""
    low, middle, high = np.percentile(drawn, (LEVEL[0], 50.0, LEVEL[1]))
    if low <= observed_ml <= high or abs(middle / observed_ml - 1.0) <= FAR_OFF:
        return ""
    return (
        f"This twin does not reproduce the last scan that it saw (day {day:g}: observed {observed_ml:.1f} mL, twin "
        f"{middle:.1f} mL, 90 % interval {low:.1f} to {high:.1f}): the options are not ranked."
    )
