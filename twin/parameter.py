"""Parameters: one declaration from which the command line, the checks and the calibration are made.

A model, effect or observation is a frozen dataclass whose numbers are declared with :func:`parameter`; the
declaration carries unit, admissible range, prior and source. :func:`declared` lists them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np

from twin.errors import DataRefused


@dataclass(frozen=True)
class Prior:
    """A prior density, normal in a working scale and cut to the parameter's range.

    ``scale`` "log": ln(x) ~ Normal(ln(median), spread). ``scale`` "linear": x ~ Normal(median, spread).
    An infinite ``spread`` is a flat prior in that scale.
    """

    median: float
    spread: float
    scale: Literal["log", "linear"] = "log"

    def to_working(self, x: float) -> float:
        return math.log(x) if self.scale == "log" else float(x)

    def from_working(self, z: float) -> float:
        return math.exp(z) if self.scale == "log" else float(z)

    def log_density(self, x: float) -> float:
        """Log density in the working scale, up to a constant."""
        if math.isinf(self.spread):
            return 0.0
        return -0.5 * ((self.to_working(x) - self.to_working(self.median)) / self.spread) ** 2


@dataclass(frozen=True)
class Known:
    """What is known of a parameter in one organ, where that differs from its declaration."""

    low: float
    high: float
    prior: Prior
    source: str


@dataclass(frozen=True)
class Parameter:
    """A number with a unit, an admissible range [low, high], a prior and a source; other ones by organ in ``sites``."""

    name: str
    symbol: str
    unit: str
    low: float
    high: float
    default: float
    prior: Prior
    description: str
    source: str
    sites: Mapping[str, Known] = field(default_factory=dict, hash=False)

    def at(self, site: str) -> Parameter:
        """The parameter as it is known for that organ; unchanged where nothing else is known of it there."""
        known = self.sites.get(site)
        if known is None:
            return self
        default = min(max(known.prior.median, known.low), known.high)
        return replace(self, low=known.low, high=known.high, prior=known.prior, source=known.source, default=default)

    def anywhere(self) -> Parameter:
        """The parameter with the range of every organ together."""
        every: list[Parameter | Known] = [self, *self.sites.values()]
        return replace(self, low=min(k.low for k in every), high=max(k.high for k in every))

    def check(self, value: float) -> float:
        """The value, or a refusal that names the range."""
        if not (math.isfinite(value) and self.low <= value <= self.high):
            raise DataRefused(
                f"{self.name} = {value:g} {self.unit} is outside its range.",
                where=self.name,
                why=f"the model was formulated for {self.low:g} to {self.high:g} {self.unit} ({self.source})",
                remedy=f"give a value between {self.low:g} and {self.high:g} {self.unit}",
            )
        return float(value)

    def draw(self, rng: np.random.Generator) -> float:
        """One draw from the prior, cut to the range."""
        low, high = self.prior.to_working(self.low), self.prior.to_working(self.high)
        if math.isinf(self.prior.spread):
            return self.prior.from_working(rng.uniform(low, high))
        while True:
            z = rng.normal(self.prior.to_working(self.prior.median), self.prior.spread)
            if low <= z <= high:
                return self.prior.from_working(z)


def parameter(
    default: float,
    *,
    symbol: str,
    unit: str,
    low: float,
    high: float,
    prior: Prior,
    description: str,
    source: str,
    sites: Mapping[str, Known] | None = None,
) -> Any:
    """A dataclass field that declares a parameter; ``sites``: what is known otherwise, by the ``site:`` of a case."""
    facts = dict(
        symbol=symbol,
        unit=unit,
        low=low,
        high=high,
        default=default,
        prior=prior,
        description=description,
        source=source,
        sites=dict(sites or {}),
    )
    return dataclasses.field(default=default, metadata={"parameter": facts})


def declared(thing: Any, site: str = "") -> tuple[Parameter, ...]:
    """The parameters that a dataclass (or an instance of one) declares, in order, as known for the organ ``site``."""
    found = [
        Parameter(name=f.name, **f.metadata["parameter"]) for f in dataclasses.fields(thing) if "parameter" in f.metadata
    ]
    return tuple(p.at(site) for p in found)


def check_values(thing: Any) -> None:
    """Refuse an instance whose declared numbers are outside the ranges of every organ. Call from ``__post_init__``."""
    for p in (p.anywhere() for p in declared(thing)):
        value = getattr(thing, p.name)
        if np.ndim(value) == 0:
            p.check(float(value))
        else:
            everywhere = np.asarray(value)
            p.check(float(everywhere.min()))
            p.check(float(everywhere.max()))
