"""The posterior, quick form: a normal density at the optimum, cut to the admissible ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from calibration.space import Space
from calibration.structure import Structure
from twin.parameter import Parameter
from twin.patient import Patient

PRIOR_DRAWS = 400


@dataclass(frozen=True)
class Laplace:
    """Normal(``z``, ``covariance``) in standard units of the priors (Gauss-Newton curvature at the optimum)."""

    space: Space
    z: np.ndarray
    covariance: np.ndarray

    @classmethod
    def at(cls, space: Space, z: np.ndarray, jacobian: np.ndarray) -> Laplace:
        """From the Jacobian of the weighted residuals, the prior's rows included."""
        precision = (jacobian.T @ jacobian).astype(float)
        floor = 1e-6 * np.eye(len(z))
        return cls(space, z, np.linalg.inv(precision + floor))

    @property
    def spread(self) -> np.ndarray:
        """Standard deviation of each z."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self) -> np.ndarray:
        return self.covariance / np.outer(self.spread, self.spread)

    def draws(self, rng: np.random.Generator, count: int) -> np.ndarray:
        """(count, parameter) z within the bounds; a draw outside is drawn again, at last cut to them."""
        low, high = self.space.bounds()
        root = np.linalg.cholesky(self.covariance)
        kept: list[np.ndarray] = []
        for _ in range(200 * count):
            z = self.z + root @ rng.standard_normal(len(self.z))
            if ((z >= low) & (z <= high)).all():
                kept.append(z)
            if len(kept) == count:
                return np.array(kept)
        rest = self.z + rng.standard_normal((count - len(kept), len(self.z))) @ root.T
        return np.clip(np.array([*kept, *rest]), low, high)


def posterior_dataset(
    patient: Patient, structure: Structure, space: Space, z_best: np.ndarray, z_draws: np.ndarray, seed: int, method: str
) -> xr.Dataset:
    """Draws, prior draws and best values of every free parameter as labelled arrays.

    Parameters that the seen visits say nothing about keep independent draws of their prior.
    """
    parameters = structure.parameters(patient)
    rng = np.random.default_rng((seed, 1))
    whole = Space(parameters)
    values = whole.draws(rng, len(z_draws))
    prior = whole.draws(rng, PRIOR_DRAWS)
    best = [p.prior.median for p in parameters]
    fitted = [space.values(z) for z in z_draws]
    at = space.values(z_best)
    for column, p in enumerate(parameters):
        if p.name in at:
            values[:, column] = [row[p.name] for row in fitted]
            best[column] = at[p.name]
    return _labelled(parameters, values, prior, np.array(best)).assign_attrs(
        model=structure.model, effects=list(structure.effects), method=method, seed=seed
    )


def _labelled(parameters: tuple[Parameter, ...], values: np.ndarray, prior: np.ndarray, best: np.ndarray) -> xr.Dataset:
    def text(items):
        return "parameter", np.array(list(items), dtype=object).astype(str)

    return xr.Dataset(
        {
            "value": (("draw", "parameter"), values),
            "prior_value": (("prior_draw", "parameter"), prior),
            "best": ("parameter", best),
            "low": ("parameter", np.array([p.low for p in parameters])),
            "high": ("parameter", np.array([p.high for p in parameters])),
        },
        coords={
            "parameter": text(p.name for p in parameters),
            "symbol": text(p.symbol for p in parameters),
            "unit": text(p.unit for p in parameters),
            "description": text(p.description for p in parameters),
            "source": text(p.source for p in parameters),
        },
    )
