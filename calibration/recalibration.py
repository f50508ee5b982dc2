"""What virtual patients say of the posterior's own bias: every draw is moved by it.

A likelihood that knows neither the grid's errors nor those of the first scan pulls some parameters to one side, much alike
in patients whose fronts the voxels resolve alike. Patients whose truth is known tell how far (Bon, Warne, Nott, Drovandi
2022, arXiv:2211.05357: approximate draws are moved so that they score best on simulated data). Here each parameter has a
move of its own, a line in the logarithm of the front's width in voxels, learnt on virtual patients that no table of results
is about.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from calibration.front import length_mm
from calibration.space import Space
from calibration.words import in_words

MOVES: Mapping[str, tuple[float, float]] = {
    "diffusivity_mm2_per_day": (-0.03, 0.07),
    "proliferation_per_day": (-0.01, -0.064),
    "slow_tissue_ratio": (-0.09, 0.0),
    "first_adc_scale": (-0.0066, -0.0058),
}
"""By parameter (a, b): ln(truth) is on average a + b ln(w) above that of the draws, w the fitted sqrt(D / rho) in voxels."""

NEEDED = frozenset({"diffusivity_mm2_per_day", "proliferation_per_day", "first_adc_scale"})
"""Learnt in all the patients that told it: nothing is moved where one of them is not."""

RESOLVED, NARROWEST = 1.0, 0.2
"""A front of a voxel or more is moved as one of a voxel; one below a fifth of a voxel, of which there were few, as a fifth."""


def recalibrated(z: np.ndarray, space: Space, spacing_mm: float) -> np.ndarray:
    """The draws (draw, parameter), each parameter moved by its :func:`moves`, within bounds."""
    factors = moves(z, space, spacing_mm)
    if not factors:
        return z
    moved = [space.standard({n: v * np.exp(factors.get(n, 0.0)) for n, v in space.values(row).items()}) for row in z]
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
