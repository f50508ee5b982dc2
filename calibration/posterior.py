"""The posterior, quick form: from the residuals' slopes at the optimum, cut to the admissible ranges."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from calibration.space import Space
from calibration.structure import Structure
from twin.parameter import Parameter
from twin.patient import Patient

PRIOR_DRAWS = 400
BURN_IN, THIN = 1500, 150
"""Steps of the sampler left out at the start, and between kept ones; its density costs microseconds."""


@dataclass(frozen=True)
class Laplace:
    """The posterior from the residuals and their slopes at the optimum ``z`` (standard units of the priors).

    log p(z) = -(g . d + d . A d / 2) - |z|^2 / 2 within the bounds, g = J^T r and A = J^T J of the data's residuals, and
    d(z) = z - z*, except for parameters on which the logarithm of survival depends linearly (``linear``, the therapies'
    sensitivities): there d is the change of the value itself. It keeps sums of two sensitivities that the data fix, which
    a normal density in their logarithms would not.
    """

    space: Space
    z: np.ndarray
    gradient: np.ndarray
    curvature: np.ndarray
    linear: np.ndarray

    @classmethod
    def at(
        cls,
        space: Space,
        z: np.ndarray,
        residual: np.ndarray,
        jacobian: np.ndarray,
        linear: tuple[str, ...] = (),
    ) -> Laplace:
        """From the weighted residuals at ``z`` and their Jacobian; the last rows are the prior's."""
        data, slopes = residual[: -len(z)].astype(float), jacobian[: -len(z)]
        flags = np.array([p.name in linear and p.prior.scale == "log" for p in space.parameters])
        curvature, gradient = (slopes.T @ slopes).astype(float), slopes.T @ data
        return cls(space, np.asarray(z, float), gradient, (curvature + curvature.T) / 2, flags)

    def mode(self) -> np.ndarray:
        """The most probable z."""
        from scipy.optimize import minimize

        low, high = self.space.bounds()
        found = minimize(
            lambda z: -float(self.log_density(z)[0]), self.z, method="L-BFGS-B", bounds=list(zip(low, high, strict=True))
        )
        return found.x

    @property
    def covariance(self) -> np.ndarray:
        """Of the normal density with the same curvature at the optimum."""
        floor = 1e-6 * np.eye(len(self.z))
        return np.linalg.inv(self.curvature + np.diag(self.space.precision) + floor)

    @property
    def spread(self) -> np.ndarray:
        """Standard deviation of each z."""
        return np.sqrt(np.diag(self.covariance))

    @property
    def correlation(self) -> np.ndarray:
        return self.covariance / np.outer(self.spread, self.spread)

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """Up to a constant, for one z or many (n, parameter)."""
        z = np.atleast_2d(z)
        low, high = self.space.bounds()
        inside = ((z >= low) & (z <= high)).all(axis=1)
        d = self._change(np.clip(z, low, high))
        value = d @ self.gradient + 0.5 * np.einsum("ni,ij,nj->n", d, self.curvature, d)
        return np.where(inside, -value - 0.5 * (z**2 * self.space.precision).sum(axis=1), -np.inf)

    def _change(self, z: np.ndarray) -> np.ndarray:
        unit = np.array([p.prior.spread if np.isfinite(p.prior.spread) else 1.0 for p in self.space.parameters])
        d = z - self.z
        return np.where(self.linear, np.expm1(np.clip(unit * d, -20, 20)) / unit, d)

    def draws(self, seed: int, count: int) -> np.ndarray:
        """(count, parameter) z, by an ensemble sampler on this density, thinned until independent."""
        return sample(self.log_density, self.z, self.covariance, self.space.bounds(), seed, count)


def sample(log_density, start: np.ndarray, covariance: np.ndarray, bounds, seed: int, count: int) -> np.ndarray:
    """(count, parameter) draws by the affine-invariant sampler of Goodman & Weare 2010 (emcee)."""
    import emcee

    size = len(start)
    walkers = max(4 * size, 24)
    rng = np.random.default_rng((seed, 2))
    scatter = rng.multivariate_normal(np.zeros(size), covariance, walkers)
    begin = np.clip(start + 0.3 * scatter, bounds[0] + 1e-9, bounds[1] - 1e-9)
    sampler = emcee.EnsembleSampler(walkers, size, log_density, vectorize=True)
    state = emcee.State(begin, random_state=np.random.RandomState(seed + 1).get_state())
    keep = int(np.ceil(count / walkers))
    sampler.run_mcmc(state, BURN_IN + THIN * keep)
    chain = sampler.get_chain(discard=BURN_IN, thin=THIN, flat=True)
    return chain[rng.permutation(len(chain))[:count]]


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
    return labelled(parameters, values, prior, np.array(best)).assign_attrs(
        model=structure.model, effects=list(structure.effects), method=method, seed=seed
    )


def labelled(parameters: tuple[Parameter, ...], values: np.ndarray, prior: np.ndarray, best: np.ndarray) -> xr.Dataset:
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
