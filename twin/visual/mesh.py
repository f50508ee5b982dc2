"""Surfaces for scenes: smooth isosurfaces in millimetres, with daylight computed once into their colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from twin.fields import bounding_box

Spacing = tuple[float, float, float]


def fine(values: np.ndarray, spacing: Spacing, finest_mm: float) -> tuple[np.ndarray, Spacing]:
    """``values`` interpolated to voxels of at most about ``finest_mm``, and their spacing."""
    from scipy import ndimage

    factors = [max(1, round(h / finest_mm)) for h in spacing]
    if max(factors) == 1:
        return values.astype(np.float32), spacing
    shape = [(n - 1) * f + 1 for n, f in zip(values.shape, factors, strict=True)]
    order = 3 if np.prod(shape) < 2.5e6 else 1
    zoomed = ndimage.zoom(values.astype(np.float32), np.divide(shape, values.shape), order=order, mode="nearest")
    z, y, x = (h / f for h, f in zip(spacing, factors, strict=True))
    return zoomed, (z, y, x)


def softened(mask: np.ndarray, spacing: Spacing, sigma_mm: float) -> np.ndarray:
    """A mask as a smooth field whose level 0.5 is its outline; that of a bool mask encloses the mask's own volume.

    A plain Gaussian draws a convex outline of radius R in by sigma^2 / R: a fifth of the volume of a small organ.
    """
    from scipy import ndimage

    soft = ndimage.gaussian_filter(mask.astype(np.float32), [sigma_mm / h for h in spacing])
    inside = int(np.count_nonzero(mask)) if mask.dtype == bool else 0
    if not 0 < inside < mask.size:
        return soft
    place = mask.size - inside
    level = float(np.partition(soft, (place - 1, place), axis=None)[place - 1 : place + 1].mean())
    return soft * np.float32(0.5 / level) if level > 0 else soft


def volume_grid(values: np.ndarray, spacing: Spacing, name: str = "field") -> Any:
    """(z, y, x) values as VTK image data in millimetres, x right to left, y front to back, z upwards."""
    import pyvista as pv

    image = pv.ImageData(dimensions=values.shape[::-1], spacing=spacing[::-1])
    image.point_data[name] = np.ascontiguousarray(values, np.float32).ravel()
    return image


def isosurface(values: np.ndarray, spacing: Spacing, level: float, smooth: int = 20) -> Any:
    """The surface where ``values`` equals ``level``, closed at the grid's faces; None where it is nowhere reached."""
    if not (values > level).any():
        return None
    wide = np.pad(values, 1, constant_values=min(float(values.min()), level - 1e-3))
    surface = volume_grid(wide, spacing).contour([level], scalars="field", method="flying_edges")
    surface.clear_data()
    surface.points -= np.asarray(spacing[::-1], np.float32)
    if surface.n_points == 0:
        return None
    if smooth:
        surface = surface.smooth_taubin(n_iter=smooth, pass_band=0.08)
    return surface.compute_normals(point_normals=True, cell_normals=False, auto_orient_normals=False, split_vertices=False)


def bodies(values: np.ndarray, spacing: Spacing, levels: Sequence[float], finest_mm: float = 1.0) -> list[Any]:
    """The isosurfaces of a field that is zero almost everywhere, made on fine voxels of its own small box."""
    box = bounding_box(values > 0.5 * min(levels), 3)
    if values[box].size == 0:
        return [None] * len(levels)
    part, steps = fine(values[box], spacing, finest_mm)
    corner = np.array([b.start * h for b, h in zip(box, spacing, strict=True)][::-1], np.float32)
    surfaces = [isosurface(part, steps, level) for level in levels]
    for surface in surfaces:
        if surface is not None:
            surface.points += corner
    return surfaces


def sample(values: np.ndarray, spacing: Spacing, points: np.ndarray, order: int = 1) -> np.ndarray:
    """``values`` (z, y, x) interpolated at points (x, y, z) in mm; zero outside."""
    from scipy import ndimage

    places = (np.asarray(points, float)[:, ::-1] / np.asarray(spacing)).T
    return ndimage.map_coordinates(values, places, order=order, mode="constant")


def daylight(
    surface: Any, solid: np.ndarray, spacing: Spacing, reaches_mm: tuple[float, ...] = (2.0, 5.0, 10.0)
) -> np.ndarray:
    """How much open sky each vertex sees, 0 to 1: one minus the share of ``solid`` around a point above the vertex.

    Ambient occlusion from blurred copies of the solid at a few reaches: computed once, independent of the camera.
    """
    normals = np.asarray(surface.point_data["Normals"])
    light = np.ones(surface.n_points)
    for reach in reaches_mm:
        above = np.asarray(surface.points) + normals * reach
        crowded = sample(softened(solid, spacing, reach), spacing, above)
        light *= 1.0 - np.clip(crowded / 0.62, 0, 1) * 0.62
    light /= np.quantile(light, 0.97)
    return np.clip(light, 0.12, 1.0)
