"""The parameter space of a search: standard units of the priors, cut to the admissible ranges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

from twin.parameter import Parameter

_NORMAL = NormalDist()
_FLAT_SPAN = 6.0
"""A flat prior's range is mapped onto this many standard units, so that steps are of a like size."""


@dataclass(frozen=True)
class Space:
    """Parameters as a vector z: z = 0 at the prior median, z = 1 one spread above it, in the prior's own scale."""

    parameters: tuple[Parameter, ...]

    def __len__(self) -> int:
        return len(self.parameters)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(p.name for p in self.parameters)

    def values(self, z: np.ndarray) -> dict[str, float]:
        """Values by name; z outside the range is cut to it."""
        return {p.name: float(np.clip(_value(p, v), p.low, p.high)) for p, v in zip(self.parameters, z, strict=True)}

    def standard(self, values: dict[str, float]) -> np.ndarray:
        """z of values by name."""
        return np.array([_standard(p, values[p.name]) for p in self.parameters])

    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lowest and highest z."""
        return self.standard({p.name: p.low for p in self.parameters}), self.standard(
            {p.name: p.high for p in self.parameters}
        )

    def from_quantiles(self, q: np.ndarray) -> np.ndarray:
        """z of probabilities under the priors cut to their ranges: uniform q gives draws from the prior."""
        low, high = self.bounds()
        return np.array([_quantile(p, v, a, b) for p, v, a, b in zip(self.parameters, q, low, high, strict=True)])

    def draws(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """(count, parameter) values drawn from the priors."""
        z = [self.from_quantiles(rng.uniform(size=len(self))) for _ in range(count)]
        return np.array([[v for v in self.values(row).values()] for row in z]).reshape(count, len(self))

    @property
    def precision(self) -> np.ndarray:
        """Prior precision of each z: 1, or 0 where the prior is flat."""
        return np.array([0.0 if math.isinf(p.prior.spread) else 1.0 for p in self.parameters])


def _centre(p: Parameter) -> tuple[float, float]:
    low, high = p.prior.to_working(p.low), p.prior.to_working(p.high)
    if math.isinf(p.prior.spread):
        return (low + high) / 2, (high - low) / _FLAT_SPAN
    return p.prior.to_working(p.prior.median), p.prior.spread


def _value(p: Parameter, z: float) -> float:
    middle, unit = _centre(p)
    return p.prior.from_working(middle + unit * z)


def _standard(p: Parameter, x: float) -> float:
    middle, unit = _centre(p)
    return (p.prior.to_working(x) - middle) / unit


def _quantile(p: Parameter, q: float, low: float, high: float) -> float:
    if math.isinf(p.prior.spread):
        return low + q * (high - low)
    a, b = _NORMAL.cdf(low), _NORMAL.cdf(high)
    return float(np.clip(_NORMAL.inv_cdf(float(np.clip(a + q * (b - a), 1e-12, 1 - 1e-12))), low, high))
