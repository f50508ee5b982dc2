"""Diameters: the longest one of a lesion, as response criteria take it (RECIST)."""

from __future__ import annotations

import numpy as np

RELATIVE_SPREAD = 0.05
"""Spread of ln(diameter) of one reading. CT of lung tumours twice within 15 minutes, read by three radiologists: median
change 4.2 to 4.3 %, 84 % of changes within 10 % (Oxnard et al. 2011, J Clin Oncol, PMC3157977): 0.045 to 0.05 for one."""

SMALLEST_MM = 3.0
"""A lesion that is not seen is at most about this large; it is taken as this, and known no better than by a factor."""

UNSEEN_SPREAD = 1.0
"""Spread of ln(volume) of a lesion that is not seen."""


def to_volume(diameter_mm: np.ndarray) -> np.ndarray:
    """Volume in mL of a ball of that diameter: pi / 6 d^3. Limit: lesions are no balls; their growth is told better than
    their volume."""
    return np.pi / 6.0 * np.asarray(diameter_mm, float) ** 3 / 1000.0


def to_diameter(volume_ml: np.ndarray) -> np.ndarray:
    """Diameter in mm of a ball of that volume; the inverse of :func:`to_volume`."""
    return np.cbrt(6000.0 / np.pi * np.asarray(volume_ml, float))


def volume_spread() -> float:
    """Spread of ln(volume) where the volume is taken from a diameter."""
    return 3.0 * RELATIVE_SPREAD
