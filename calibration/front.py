"""The shape of an invading front, used where images show no cells."""

from __future__ import annotations

import numpy as np

ROOT6 = np.sqrt(6.0)

TYPICAL_LENGTH_MM = 1.4
"""sqrt(D / rho) of the priors' medians, for what must be decided before a candidate is known."""


def profile(position: np.ndarray) -> np.ndarray:
    """Cell fraction of a Fisher-KPP front at ``position`` = distance / sqrt(D / rho), increasing outwards.

    u = (1 + exp(position / sqrt(6)))^-2, the exact travelling wave of Ablowitz & Zeppetella 1979 (Bull Math Biol 41:835),
    whose speed is 2 % above the least one.
    """
    return (1.0 + np.exp(np.clip(position / ROOT6, -40.0, 40.0))) ** -2


def position(u: np.ndarray) -> np.ndarray:
    """Where on the front the cell fraction is ``u``; the inverse of :func:`profile` on (0, 1)."""
    u = np.clip(u, 1e-6, 1.0 - 1e-6)
    return ROOT6 * np.log(u**-0.5 - 1.0)


def slope(position: np.ndarray) -> np.ndarray:
    """-du / dposition of :func:`profile`."""
    e = np.exp(np.clip(position / ROOT6, -40.0, 40.0))
    return 2.0 / ROOT6 * e * (1.0 + e) ** -3


def resolved(length_mm: np.ndarray, spacing_mm) -> np.ndarray:
    """The length over which exp(-x / length) decays on a grid: h / arcosh(1 + h^2 / (2 length^2)).

    A front that is ``length_mm`` wide in space is this long on voxels of h; they agree where h is much shorter.
    """
    h = float(np.exp(np.mean(np.log(spacing_mm))))
    return h / np.arccosh(1.0 + h**2 / (2.0 * np.asarray(length_mm) ** 2))
