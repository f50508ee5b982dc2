"""When a volume has progressed: 40 % above its smallest value so far, and large enough to be measured."""

from __future__ import annotations

import numpy as np

INCREASE = 1.40
"""Volume progression of RANO 2.0: 40 % or more above the nadir. Wen et al. 2023, doi 10.1200/JCO.23.01059."""

MEASURABLE_ML = 0.52
"""The volume of a sphere of 10 mm, the smallest measurable lesion of RANO; growth below it is not yet progression."""


def limits_ml(volume: np.ndarray) -> np.ndarray:
    """(..., t) volumes, mL -> the volume at which each later day would be progression, from the nadir up to that day."""
    nadir = np.minimum.accumulate(volume, axis=-1)
    return np.maximum(INCREASE * nadir, MEASURABLE_ML)


def first_progression(volume: np.ndarray, days: np.ndarray, *, between: bool) -> np.ndarray:
    """The first day of progression of (..., t) volumes, NaN where there is none.

    The first day is the baseline. ``between``: the crossing is interpolated linearly between days (a continuous course);
    otherwise only the given days count (scheduled scans). A course that holds NaN has no day of progression.
    """
    flat = np.asarray(volume, float).reshape(-1, len(days))
    found = [_first(course, np.asarray(days, float), between) for course in flat]
    return np.array(found).reshape(np.shape(volume)[:-1])


def _first(course: np.ndarray, days: np.ndarray, between: bool) -> float:
    if np.isnan(course).any():
        return float("nan")
    limit = limits_ml(course)
    hits = np.flatnonzero((course[1:] >= limit[:-1]) & (course[1:] > course[:-1])) + 1
    if not hits.size:
        return float("nan")
    i = int(hits[0])
    if not between:
        return float(days[i])
    share = np.clip((limit[i - 1] - course[i - 1]) / (course[i] - course[i - 1]), 0.0, 1.0)
    return float(days[i - 1] + share * (days[i] - days[i - 1]))
