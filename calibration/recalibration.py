"""What virtual patients say of the posterior's own bias: every draw is moved by it.

A likelihood that knows neither the grid's errors nor those of the first scan pulls some parameters to one side, much alike
in every patient. Patients whose truth is known tell how far (Bon, Warne, Nott, Drovandi 2022, arXiv:2211.05357: approximate
draws are moved so that they score best on simulated data). Here the move is by parameter, in standard deviations of that
patient's own posterior, and was learnt on virtual patients that no table of results is about.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from calibration.space import Space
from calibration.words import in_words

SHIFT: Mapping[str, float] = {
    "diffusivity_mm2_per_day": -0.7,
    "proliferation_per_day": 0.3,
    "first_adc_scale": -0.3,
}
"""Mean of (truth - mean of the draws) / spread of the draws, in standard units of the priors, over virtual patients
fitted on voxels of ``LEARNT_MM``; to the nearest tenth or so (its own error is 0.1)."""

LEARNT_MM = 3.0
"""The pull goes with the voxels: on 2 mm the score of the data at the truth was 0.5 to 0.7 of that on 3 mm."""


def recalibrated(z: np.ndarray, space: Space, spacing_mm: float) -> np.ndarray:
    """The draws (draw, parameter), each parameter moved by :func:`shift` of its spread over the draws, within bounds."""
    moves = shift(space, spacing_mm)
    if len(z) < 2 or not moves:
        return z
    return np.clip(z + np.array([moves.get(name, 0.0) for name in space.names]) * z.std(axis=0, ddof=1), *space.bounds())


def shift(space: Space, spacing_mm: float) -> dict[str, float]:
    """By which share of its spread each parameter is moved on voxels of that size; empty where nothing is.

    Only where all of ``SHIFT`` are learnt together, as in the patients that told it: a front, a first scan with an ADC.
    """
    if not set(SHIFT) <= set(space.names):
        return {}
    return {name: share * min(1.0, spacing_mm / LEARNT_MM) for name, share in SHIFT.items()}


def told(space: Space, spacing_mm: float) -> list[str]:
    """By how much the draws were moved, in one sentence; none where they were not."""
    moves = ", ".join(f"{in_words(name)} {share:+.2f}" for name, share in shift(space, spacing_mm).items())
    return [f"As virtual patients tell, the draws are moved by a share of their own spread: {moves}."] if moves else []
