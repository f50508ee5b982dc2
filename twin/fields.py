"""Fields: labelled arrays on a grid, with their unit, as they cross a package's border."""

from __future__ import annotations

import numpy as np
import xarray as xr

from twin.errors import DataRefused
from twin.grid import Box, Grid

SPACE = ("z", "y", "x")


def field(values: np.ndarray, grid: Grid, unit: str, **attrs) -> xr.DataArray:
    """A (z, y, x) array as a DataArray whose coordinates are mm along each index axis and whose frame is in ``attrs``."""
    if values.shape != grid.shape:
        raise DataRefused(
            f"A field of shape {values.shape} does not fit a grid of shape {grid.shape}.",
            why="voxels would be compared with the wrong place",
            remedy="resample the image onto the grid of the baseline visit",
        )
    return xr.DataArray(
        values, dims=SPACE, coords=coordinates(grid), attrs={"units": unit, **frame_attributes(grid), **attrs}
    )


def coordinates(grid: Grid) -> dict[str, tuple[str, np.ndarray, dict[str, str]]]:
    """Distances in mm along each index axis from voxel 0 (the frame itself is in the attributes)."""
    return {
        dim: (dim, np.arange(n) * h, {"units": "mm"}) for dim, n, h in zip(SPACE, grid.shape, grid.spacing_mm, strict=True)
    }


def frame_attributes(grid: Grid) -> dict[str, list[float]]:
    return {"origin_mm": list(grid.origin_mm), "direction": list(grid.direction), "spacing_mm": list(grid.spacing_mm)}


def grid_of(array: xr.DataArray | xr.Dataset) -> Grid:
    """The grid of a labelled array made by :func:`field`."""
    return Grid(
        shape=tuple(int(array.sizes[d]) for d in SPACE),  # type: ignore[arg-type]
        spacing_mm=tuple(float(v) for v in array.attrs["spacing_mm"]),  # type: ignore[arg-type]
        origin_mm=tuple(float(v) for v in array.attrs["origin_mm"]),  # type: ignore[arg-type]
        direction=tuple(float(v) for v in array.attrs["direction"]),
    )


def crop_field(array: xr.DataArray, box: Box) -> xr.DataArray:
    """The part of a field inside a box, in the frame of the cropped grid (distances start at its own voxel 0)."""
    grid = grid_of(array).crop(box)
    attributes = {**array.attrs, **frame_attributes(grid)}
    return xr.DataArray(np.ascontiguousarray(array.values[box]), dims=SPACE, coords=coordinates(grid), attrs=attributes)


def bounding_box(mask: np.ndarray, margin: int | tuple[int, int, int] = 0) -> Box:
    """The box of the true voxels, widened by ``margin`` voxels and cut to the array."""
    widths = (margin,) * 3 if isinstance(margin, int) else margin
    box = []
    for axis, width in enumerate(widths):
        hit = np.flatnonzero(mask.any(axis=tuple(a for a in range(3) if a != axis)))
        if hit.size == 0:
            return (slice(0, 0),) * 3
        box.append(slice(max(0, int(hit[0]) - width), min(mask.shape[axis], int(hit[-1]) + 1 + width)))
    return tuple(box)  # type: ignore[return-value]


def block_mean(values: np.ndarray, factor: int) -> np.ndarray:
    """Mean over blocks of ``factor`` voxels along each axis; conserves the total of a density (a rest is dropped)."""
    if factor == 1:
        return values
    steps = [min(factor, n) for n in values.shape]
    shape = [n // s for n, s in zip(values.shape, steps, strict=True)]
    cut = values[tuple(slice(0, n * s) for n, s in zip(shape, steps, strict=True))]
    return cut.reshape(shape[0], steps[0], shape[1], steps[1], shape[2], steps[2]).mean(axis=(1, 3, 5))
