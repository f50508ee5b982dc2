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
"""Mean of (truth - mean of the draws) / spread of the draws, in standard units of the priors, over virtual patients."""


def recalibrated(z: np.ndarray, space: Space) -> np.ndarray:
    """The draws (draw, parameter), each parameter moved by ``SHIFT`` of its spread over the draws and kept within bounds.

    Only where :func:`applies`; else the draws as they are.
    """
    if len(z) < 2 or not applies(space):
        return z
    shift = np.array([SHIFT.get(name, 0.0) for name in space.names])
    return np.clip(z + shift * z.std(axis=0, ddof=1), *space.bounds())


def applies(space: Space) -> bool:
    """Whether all of ``SHIFT`` are learnt together, as in the patients that told it: a front, a first scan with an ADC."""
    return set(SHIFT) <= set(space.names)


def told(space: Space) -> list[str]:
    """By how much the draws were moved, in one sentence; none where they were not."""
    if not applies(space):
        return []
    moves = ", ".join(f"{in_words(name)} {share:+.1f}" for name, share in SHIFT.items())
    return [f"As virtual patients tell, the draws are moved by a share of their own spread: {moves}."]
