"""Diffusion tensors of cells from diffusion tensor imaging of water."""

from __future__ import annotations

import numpy as np

from twin.errors import DataRefused

INDEX = np.array([[0, 1, 2], [1, 3, 4], [2, 4, 5]])
"""Where each entry of the 3 x 3 matrix stands among the components zz, zy, zx, yy, yx, xx."""


def cell_tensor(water: np.ndarray, domain: np.ndarray, sharpening: float = 3.0) -> np.ndarray:
    """The tensor T of a medium, (6, z, y, x), from a water diffusion tensor of that shape in any unit.

    The eigenvectors stay; the eigenvalues l1 >= l2 >= l3 are sharpened by r through the linear, planar and spherical
    indices c_l = (l1 - l2) / s, c_p = 2 (l2 - l3) / s, c_s = 3 l3 / s, s their sum, to
    a1 = r c_l + r c_p + c_s, a2 = c_l + r c_p + c_s, a3 = c_l + c_p + c_s, and scaled to trace 3: the same mean diffusivity
    in every direction taken together. r = 1 is isotropic. Outside ``domain``, and where the tensor is not positive (noise),
    T is the identity. Components along the array axes, not the patient's. Source: Jbabdi et al. 2005, Magn Reson Med 54:616.
    """
    if water.shape != (6, *domain.shape):
        raise DataRefused(
            f"The diffusion tensor has shape {water.shape}, expected {(6, *domain.shape)}.",
            where="diffusion tensor",
            remedy="give six components (zz, zy, zx, yy, yx, xx) on the grid of the baseline visit",
        )
    if not np.isfinite(water[:, domain]).all() or sharpening < 1.0:
        raise DataRefused(
            "The diffusion tensor holds missing values in the tissue, or the sharpening is below 1.",
            where="diffusion tensor",
            remedy="fill the gaps of the tensor fit; sharpen by 1 (isotropic) or more",
        )
    out = np.zeros((6, *domain.shape), np.float32)
    out[[0, 3, 5]] = 1.0
    out[:, domain] = _sharpened(water[:, domain].astype(float), sharpening)
    return out


def _sharpened(water: np.ndarray, r: float) -> np.ndarray:
    """(6, voxels) -> (6, voxels)."""
    values, vectors = np.linalg.eigh(np.moveaxis(water[INDEX], -1, 0))
    good = values[:, 0] > 0
    l3, l2, l1 = np.where(good[:, None], values, 1.0).T
    total = l1 + l2 + l3
    linear, planar, spherical = (l1 - l2) / total, 2.0 * (l2 - l3) / total, 3.0 * l3 / total
    a = np.stack([linear + planar + spherical, linear + r * planar + spherical, r * (linear + planar) + spherical], axis=1)
    a *= 3.0 / a.sum(axis=1, keepdims=True)
    full = np.einsum("vik,vk,vjk->ijv", vectors, a, vectors)
    return np.stack([full[i, j] for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))])
