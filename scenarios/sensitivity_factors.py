"""The parameters of a sensitivity analysis, and how a number in [0, 1] becomes a value of each."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from calibration.space import Space
from scenarios.simulated import Calibrated
from scenarios.unlearnt import prior_parameters
from twin.errors import UsageError
from twin.parameter import Parameter


@dataclass(frozen=True)
class Factors:
    """Names of the parameters that vary, what is told of each, and the sorted draws of those that follow the posterior."""

    names: tuple[str, ...]
    told: list[dict[str, Any]]
    note: str
    draws: dict[str, np.ndarray] = field(repr=False)
    priors: dict[str, Parameter] = field(repr=False)

    def values(self, quantiles: np.ndarray) -> np.ndarray:
        """(run, parameter) values at the quantiles of each parameter's own distribution."""
        columns = []
        for name, q in zip(self.names, quantiles.T, strict=True):
            if name in self.draws:
                columns.append(np.quantile(self.draws[name], q))
            else:
                space = Space((self.priors[name],))
                columns.append(np.array([space.values(space.from_quantiles(np.array([v])))[name] for v in q]))
        return np.column_stack(columns)


def factors(twin: Calibrated, extra: tuple[str, ...], over: str) -> Factors:
    """The free parameters of the twin, and those of the effects ``extra`` that were never learnt (these over their priors).

    A parameter that does not vary over the draws is left out. UsageError where nothing varies.
    """
    drawn = {
        str(n): np.sort(c) for n, c in zip(twin.posterior["parameter"].values, twin.posterior["value"].values.T, strict=True)
    }
    drawn = {name: values for name, values in drawn.items() if np.ptp(values) > 0}
    known = {p.name: p for p in _declared(twin, extra)}
    priors = {p.name: p for name in extra for p in prior_parameters(name, twin) if p.prior.spread > 0}
    if over == "prior":
        priors |= {name: known[name] for name in drawn if name in known}
        drawn = {name: values for name, values in drawn.items() if name not in priors}
    names = (*drawn, *(n for n in priors if n not in drawn))
    if not names:
        raise UsageError("No parameter varies over the draws.", remedy="calibrate with more draws")
    return Factors(names, [_told(n, drawn, priors, known) for n in names], _note(twin, drawn), drawn, priors)


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
