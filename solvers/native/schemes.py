"""What an accuracy means to the native engine."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from solvers.engine import Accuracy


@dataclass(frozen=True)
class Scheme:
    """Numbers behind an accuracy.

    ``growth``: longest step in units of 1 / the reaction's fastest rate; it sets the error of the splitting.
    ``reach``: largest step times the diffusion's largest eigenvalue.
    ``polynomial``: allowed error of the diffusion's growth rate, relative, as a share of growth squared.
    ``substep``: longest substep of a state-dependent diffusion times its largest eigenvalue.
    ``threshold``: the cell fraction that the active region follows. ``tolerance``: largest rounding residue outside [0, 1].
    ``real`` and ``stored``: precision of the state and of the face coefficients.
    """

    growth: float
    reach: float
    polynomial: float
    substep: float
    threshold: float
    tolerance: float
    real: type
    stored: type


SCHEMES: dict[Accuracy, Scheme] = {
    "fast": Scheme(0.45, 51.0, 4e-3, 1.9, 1e-5, 2e-6, np.float32, np.uint16),
    "standard": Scheme(0.2, 26.0, 4e-3, 1.0, 1e-8, 2e-6, np.float32, np.float32),
    "reference": Scheme(0.02, 6.0, 4e-3, 0.3, 1e-13, 1e-14, np.float64, np.float64),
}
"""Relative L2 error in time aimed at: fast 0.5 %, standard 0.1 %, reference 0.01 %; see docs/reference/benchmarks.md."""

REACTION = 0.1
"""Longest substep of an integrated rate in units of 1 / the reaction's fastest rate (Runge-Kutta of order 4)."""
