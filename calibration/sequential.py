"""The earlier posterior as the prior of what comes: a normal density through its draws."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from calibration.polish import Polished
from calibration.posterior import Laplace
from calibration.space import Space
from calibration.structure import Structure
from twin.errors import DataRefused
from twin.patient import Patient


@dataclass(frozen=True)
class Known:
    """What was known of the parameters before the new visit: c(z) ~ Normal(mean, precision^-1), by name.

    ``z`` are standard units of the models' priors. c(z) = z, but exp(s z) / s for the therapies' sensitivities (s the spread
    of a logarithmic prior): the logarithm of survival is linear in the sensitivity itself, so that a sum of two of them that
    the data fixed stays fixed. The precision is that of the draws' covariance, times (n - p - 2) / (n - 1), as the
    inverse of a covariance of n draws is too sure (Hartlap et al. 2007, Astron Astrophys 464:399).
    """

    names: tuple[str, ...]
    centre: np.ndarray = field(repr=False)
    mean: np.ndarray = field(repr=False)
    covariance: np.ndarray = field(repr=False)
    linear: np.ndarray = field(repr=False)
    unit: np.ndarray = field(repr=False)
    draws: int

    @classmethod
    def of_draws(cls, patient: Patient, structure: Structure, posterior: xr.Dataset) -> Known:
        """From the draws of an earlier posterior; a parameter that it does not hold keeps the model's prior."""
        space = Space(structure.parameters(patient))
        held = set(posterior["parameter"].values.tolist())
        count = posterior.sizes["draw"]
        fresh = dict(zip(space.names, space.draws(np.random.default_rng(0), count).T, strict=True))
        columns = [posterior["value"].sel(parameter=n).values if n in held else fresh[n] for n in space.names]
        z = np.array([space.standard(dict(zip(space.names, row, strict=True))) for row in np.stack(columns, axis=1)])
        sensitive = structure.sensitivities
        linear = np.array([p.name in sensitive and p.prior.scale == "log" for p in space.parameters])
        unit = np.array([p.prior.spread if np.isfinite(p.prior.spread) else 1.0 for p in space.parameters])
        c = _coordinates(z, linear, unit)
        return cls(space.names, z.mean(axis=0), c.mean(axis=0), np.cov(c.T).reshape(len(space), -1), linear, unit, count)

    def of(self, names: tuple[str, ...]) -> Known:
        """The marginal density of some parameters, in their order. DataRefused where the draws are too few for it."""
        if self.draws < len(names) + 4:
            raise DataRefused(
                f"{self.draws} draws of the earlier posterior are too few to go on from.",
                where="posterior.zarr",
                why=f"they must tell how {len(names)} parameters vary together",
                remedy=f"calibrate with --draws {4 * len(names)} or more, then update",
            )
        k = np.array([self.names.index(n) for n in names])
        block, own = self.covariance[np.ix_(k, k)], (self.linear[k], self.unit[k], self.draws)
        return Known(names, self.centre[k], self.mean[k], block, *own)

    def residual(self, z: np.ndarray) -> np.ndarray:
        """White residuals: their squares sum to the Mahalanobis distance of c(z)."""
        return self.root.T @ (_coordinates(z, self.linear, self.unit) - self.mean)

    @property
    def root(self) -> np.ndarray:
        """L with precision = L L^T."""
        size = len(self.names)
        ridge = 1e-6 * np.eye(size)
        shrink = (self.draws - size - 2) / (self.draws - 1)
        return np.linalg.cholesky(shrink * np.linalg.inv(self.covariance + ridge))


def _coordinates(z: np.ndarray, linear: np.ndarray, unit: np.ndarray) -> np.ndarray:
    return np.where(linear, np.exp(np.clip(unit * z, -20, 20)) / unit, z)


class _Informed(Space):
    """The space without its priors: they are in the earlier posterior already."""

    @property
    def precision(self) -> np.ndarray:
        return np.zeros(len(self.parameters))


@dataclass(frozen=True)
class Sequential(Laplace):
    """The posterior after the new visits: their residuals' slopes and the earlier posterior, quadratic in c(z) together."""

    @classmethod
    def after(cls, space: Space, at: Polished, known: Known) -> Sequential:
        """``at``: the optimum, with the earlier posterior's residuals last."""
        flags = tuple(n for n, yes in zip(known.names, known.linear, strict=True) if yes)
        data = Laplace.at(_Informed(space.parameters), at.z, at.residual, at.jacobian, flags)
        before, slopes = at.residual[-len(at.z) :].astype(float), at.jacobian[-len(at.z) :].astype(float)
        gradient, curvature = data.gradient + slopes.T @ before, data.curvature + slopes.T @ slopes
        return cls(data.space, data.z, gradient, curvature, data.linear)

    def log_density(self, z: np.ndarray) -> np.ndarray:
        """As of z: the density of c, normal, times dc/dz."""
        z = np.atleast_2d(z)
        unit = np.array([p.prior.spread if np.isfinite(p.prior.spread) else 1.0 for p in self.space.parameters])
        return super().log_density(z) + (np.where(self.linear, unit, 0.0) * z).sum(axis=1)
