"""What a sensitivity analysis varies, and how a number in [0, 1] becomes a value of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from calibration.field.basis import COEFFICIENT
from calibration.space import Space
from scenarios.simulated import Calibrated
from scenarios.unlearnt import prior_parameters
from twin.errors import UsageError
from twin.parameter import Parameter

FIELD = "growth_field"
"""The factor that stands for every coefficient of a growth field."""


@dataclass(frozen=True)
class Field:
    """The coefficients of a growth field, which vary as one: names, and their draws (draw, coefficient)."""

    names: tuple[str, ...] = ()
    draws: np.ndarray = field(default_factory=lambda: np.empty((0, 0)), repr=False)

    def at(self, quantile: float) -> dict[str, float]:
        """One of the draws: together the coefficients are a field, one by one they are none."""
        row = self.draws[min(int(quantile * len(self.draws)), len(self.draws) - 1)]
        return dict(zip(self.names, row.tolist(), strict=True))


@dataclass(frozen=True)
class Factors:
    """Names of what varies, what is told of each, and the sorted draws of those that follow the posterior."""

    names: tuple[str, ...]
    told: list[dict[str, Any]]
    note: str
    draws: dict[str, np.ndarray] = field(repr=False)
    priors: dict[str, Parameter] = field(repr=False)
    shape: Field = Field()

    def values(self, quantiles: np.ndarray) -> list[dict[str, float]]:
        """The parameters by name for each run (run, factor): at the quantile of each factor's own distribution."""
        single = {name: self._at(name, q) for name, q in zip(self.names, quantiles.T, strict=True) if name != FIELD}
        runs = [{name: float(column[i]) for name, column in single.items()} for i in range(len(quantiles))]
        if FIELD not in self.names:
            return runs
        return [run | self.shape.at(q) for run, q in zip(runs, quantiles[:, self.names.index(FIELD)], strict=True)]

    def _at(self, name: str, quantiles: np.ndarray) -> np.ndarray:
        if name in self.draws:
            return np.quantile(self.draws[name], quantiles)
        space = Space((self.priors[name],))
        return np.array([space.values(space.from_quantiles(np.array([q])))[name] for q in quantiles])


def factors(twin: Calibrated, extra: tuple[str, ...], over: str) -> Factors:
    """The free parameters of the twin, and those of the effects ``extra`` that were never learnt (these over their priors).

    The coefficients of a growth field are one factor, its values the field's draws. A parameter that does not vary over the
    draws is left out. UsageError where nothing varies.
    """
    shape = _field(twin, over)
    drawn = {
        str(n): np.sort(c) for n, c in zip(twin.posterior["parameter"].values, twin.posterior["value"].values.T, strict=True)
    }
    drawn = {name: values for name, values in drawn.items() if np.ptp(values) > 0 and name not in shape.names}
    known = {p.name: p for p in _declared(twin, extra)}
    priors = {p.name: p for name in extra for p in prior_parameters(name, twin) if p.prior.spread > 0}
    if over == "prior":
        priors |= {name: known[name] for name in drawn if name in known}
        drawn = {name: values for name, values in drawn.items() if name not in priors}
    names = (*drawn, *(n for n in priors if n not in drawn))
    told = [_told(n, drawn, priors, known) for n in names]
    if shape.names:
        names, told = (*names, FIELD), [*told, _told_of(shape, over)]
    if not names:
        raise UsageError("No parameter varies over the draws.", remedy="calibrate with more draws")
    return Factors(names, told, _note(twin, drawn), drawn, priors, shape)


def _field(twin: Calibrated, over: str) -> Field:
    """The growth field's coefficients and their draws; none where the twin has one rate everywhere."""
    places = [i for i, n in enumerate(twin.posterior["parameter"].values) if str(n).startswith(COEFFICIENT)]
    if not places:
        return Field()
    names = tuple(str(n) for n in twin.posterior["parameter"].values[places])
    draws = twin.posterior["prior_value" if over == "prior" else "value"].values[:, places]
    return Field(names, draws) if np.ptp(draws, axis=0).any() else Field()


def _told_of(shape: Field, over: str) -> dict[str, Any]:
    words = f"the {len(shape.names)} coefficients of the growth field as one: {len(shape.draws)} draws of it"
    return {"name": FIELD, "distribution": over, "unit": "1", "description": words, "low": None, "high": None}


def _declared(twin: Calibrated, extra: tuple[str, ...]) -> tuple[Parameter, ...]:
    structure = getattr(twin, "structure", None)
    own = structure.parameters(twin.patient) if structure is not None else ()
    return (*own, *(p for name in extra for p in prior_parameters(name, twin)))


def _told(
    name: str, drawn: dict[str, np.ndarray], priors: dict[str, Parameter], known: dict[str, Parameter]
) -> dict[str, Any]:
    parameter = known.get(name)
    found: dict[str, Any] = {"name": name, "distribution": "posterior" if name in drawn else "prior"}
    found |= {"unit": parameter.unit, "description": parameter.description} if parameter else {}
    space = Space((priors[name],)) if name not in drawn else None
    ends = (0.05, 0.95)
    low, high = (
        np.quantile(drawn[name], ends)
        if space is None
        else [space.values(space.from_quantiles(np.array([q])))[name] for q in ends]
    )
    return {**found, "low": float(low), "high": float(high)}


def _note(twin: Calibrated, drawn: dict[str, np.ndarray]) -> str:
    """What taking the parameters as independent leaves out."""
    places = [i for i, n in enumerate(twin.posterior["parameter"].values) if str(n) in drawn]
    if len(places) < 2 or twin.posterior.sizes["draw"] < 3:
        return "Each parameter varies independently of the others."
    together = np.corrcoef(twin.posterior["value"].values[:, places].T)
    largest = float(np.abs(together - np.eye(len(places))).max())
    return (
        "Each parameter varies independently of the others; in the posterior they are correlated (largest "
        f"correlation {largest:.2f}), so that the spread here is not that of the forecast."
    )
