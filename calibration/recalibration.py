"""What virtual patients say of the posterior's own bias and spread: every draw is moved by it.

A likelihood that knows neither the grid's errors nor those of the first scan pulls some parameters to one side, much alike
in patients whose fronts the voxels resolve alike. Patients whose truth is known tell how far (Bon, Warne, Nott, Drovandi
2022, arXiv:2211.05357: approximate draws are moved and scaled so that they score best on simulated data). Here each has a
move of its own, a line in the logarithm of the front's width in voxels, and some keep a share of their spread, learnt on
virtual patients that no table of results is about.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from calibration.front import length_mm
from calibration.space import Space
from calibration.words import in_words

MOVES: Mapping[str, tuple[float, float]] = {
    "diffusivity_mm2_per_day": (-0.025, 0.055),
    "proliferation_per_day": (-0.005, -0.06),
    "slow_tissue_ratio": (-0.06, 0.0),
    "radiosensitivity_per_gy": (-0.02, 0.0),
    "first_adc_scale": (-0.008, -0.0058),
}
"""By parameter (a, b): ln(truth) is on average a + b ln(w) above that of the draws, w the fitted sqrt(D / rho) in voxels."""

SPREADS: Mapping[str, float] = {
    "diffusivity_mm2_per_day": 0.91,
    "proliferation_per_day": 0.91,
    "radiosensitivity_per_gy": 0.93,
}
"""How far the truth lies from the mean of the draws, as a share of what their spread says: the temperature, one for all
parameters, takes back too much of what these are known by."""

NEEDED = frozenset({"diffusivity_mm2_per_day", "proliferation_per_day", "first_adc_scale"})
"""Learnt in all the patients that told it: nothing is moved where one of them is not."""

RESOLVED, NARROWEST = 1.0, 0.2
"""A front of a voxel or more is moved as one of a voxel, and one below a fifth (there were few) as one of a fifth."""


def recalibrated(z: np.ndarray, space: Space, spacing_mm: float) -> np.ndarray:
    """The draws (draw, parameter), each parameter narrowed about its mean to its share and moved, within bounds."""
    factors = moves(z, space, spacing_mm)
    if not factors:
        return z
    narrow = np.array([SPREADS.get(name, 1.0) for name in space.names])
    mean = z.mean(axis=0)
    values = [space.values(row) for row in mean + narrow * (z - mean)]
    moved = [space.standard({n: v * np.exp(factors.get(n, 0.0)) for n, v in row.items()}) for row in values]
    return np.clip(np.array(moved), *space.bounds())


def moves(z: np.ndarray, space: Space, spacing_mm: float) -> dict[str, float]:
    """What is added to the logarithm of each parameter; empty where ``NEEDED`` are not learnt together."""
    if not set(space.names) >= NEEDED:
        return {}
    width = length_mm(space.values(np.median(z, axis=0))) / spacing_mm
    log_width = float(np.log(np.clip(width, NARROWEST, RESOLVED)))
    return {name: a + b * log_width for name, (a, b) in MOVES.items() if name in space.names}


def told(z: np.ndarray, space: Space, spacing_mm: float) -> list[str]:
    """By how much the draws ``z`` are moved, in one sentence; none where they are not."""
    found = [f"{in_words(name)} {100 * np.expm1(move):+.1f} %" for name, move in moves(z, space, spacing_mm).items()]
    words = "As virtual patients tell of fronts that the voxels resolve as here, the draws are moved"
    return [f"{words}: {', '.join(found)}."] if found else []
