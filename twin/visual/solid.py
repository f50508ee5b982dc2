"""The solids of an interactive scene: smooth surfaces of a few thousand triangles and slices, packed into few bytes."""

from __future__ import annotations

import base64
import zlib
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from twin.fields import bounding_box
from twin.visual.mesh import Spacing, isosurface
from twin.visual.palette import rgb
from twin.visual.view import View

MOST_POINTS = 65_535
"""Corners of one surface that a 16-bit index can name."""

STEPS = 4095
"""A corner is told in so many steps of its surface's box: a twentieth of a millimetre in a whole head."""


@dataclass(frozen=True)
class Surface:
    """Triangles (n, 3) over points (m, 3; x, y, z in mm), with the look of what they show.

    ``group`` is the switch that hides it; ``option`` and ``scan`` are the places in the scene's lists at which it is shown,
    None for always. ``rim`` adds opacity where one looks along the surface.
    """

    group: str
    name: str
    points: np.ndarray = field(repr=False)
    triangles: np.ndarray = field(repr=False)
    colour: str
    opacity: float = 1.0
    rim: float = 0.0
    option: int | None = None
    scan: int | None = None


@dataclass(frozen=True)
class Plane:
    """A slice through the image: four corners (x, y, z; mm) and grey with opacity, (rows, columns, 2), uint8."""

    group: str
    corners: np.ndarray = field(repr=False)
    pixels: np.ndarray = field(repr=False)


def body(values: np.ndarray, spacing: Spacing, level: float, across: int = 26) -> tuple[np.ndarray, np.ndarray] | None:
    """The surface of a field at a level, on voxels such that about ``across`` of them span it; None where there is none.

    Returns points (m, 3) in mm and triangles (n, 3), at most :data:`MOST_POINTS` points.
    """
    box = bounding_box(values > 0.5 * level, 2)
    part = values[box]
    if not (part > level).any():
        return None
    extent = max(n * h for n, h in zip(part.shape, spacing, strict=True))
    while True:
        resampled, steps = _resampled(part, spacing, extent / across)
        surface = isosurface(resampled, steps, level)
        if surface is None or surface.n_points <= MOST_POINTS:
            break
        across = round(0.8 * across)
    if surface is None:
        return None
    corner = np.array([b.start * h for b, h in zip(box, spacing, strict=True)][::-1], np.float32)
    return np.asarray(surface.points, np.float32) + corner, surface.regular_faces.astype(np.uint16)


def _resampled(values: np.ndarray, spacing: Spacing, step_mm: float) -> tuple[np.ndarray, Spacing]:
    """The field on voxels of about ``step_mm``, smoothed before it is thinned."""
    from scipy import ndimage

    shape = [max(2, round((n - 1) * h / step_mm) + 1) for n, h in zip(values.shape, spacing, strict=True)]
    soft = ndimage.gaussian_filter(values.astype(np.float32), [max(0.35, 0.4 * step_mm / h) for h in spacing])
    zoomed = ndimage.zoom(soft, np.divide(shape, values.shape), order=1, mode="nearest", grid_mode=False)
    z, y, x = ((n - 1) * h / (m - 1) for n, h, m in zip(values.shape, spacing, zoomed.shape, strict=True))
    return zoomed, (z, y, x)


def planes(view: View) -> list[Plane]:
    """Axial, coronal and sagittal slice through the focus: the organ alone, without holes of a sulcus or a vessel."""
    return [_plane(view, axis, name) for axis, name in enumerate(("axial", "coronal", "sagittal"))]


def _plane(view: View, axis: int, name: str) -> Plane:
    from scipy import ndimage

    flat = [a for a in range(3) if a != axis]
    cut = (slice(None),) * axis + (view.focus[axis],)
    grey = np.clip(view.image[cut] * 255, 0, 255).astype(np.uint8)
    pixels = np.stack([grey, np.where(ndimage.binary_fill_holes(view.organ[cut]), 255, 0).astype(np.uint8)], axis=2)
    corners = np.zeros((4, 3))
    for i, (down, along) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        corners[i, axis] = view.focus[axis]
        corners[i, flat[0]] = -0.5 + down * view.image.shape[flat[0]]
        corners[i, flat[1]] = -0.5 + along * view.image.shape[flat[1]]
    return Plane(name, (corners * view.spacing)[:, ::-1], pixels)


@dataclass(frozen=True)
class Packed:
    """``model`` describes what lies where in ``data`` (deflated, base64)."""

    model: dict[str, Any] = field(repr=False)
    data: str = field(repr=False)


def pack(surfaces: list[Surface], slices: list[Plane]) -> Packed:
    """Points as steps of their box, triangles as indices, both as differences from one to the next, which deflate to half
    of the numbers themselves; pictures as bytes."""
    body = bytearray()
    meshes, pictures = [], []
    for surface in surfaces:
        low = surface.points.min(axis=0)
        size = np.maximum(surface.points.max(axis=0) - low, 1e-3)
        places = np.round((surface.points - low) / size * STEPS).astype(np.int32)
        entry = {k: v for k, v in asdict(surface).items() if k not in ("points", "triangles", "colour")}
        entry |= {"low": _short(low), "size": _short(size), "colour": [round(c, 3) for c in rgb(surface.colour)]}
        entry |= {"places": _append(body, _changes(places.T)), "points": len(places)}
        corners = surface.triangles.astype(np.int32).reshape(1, -1)
        meshes.append(entry | {"triangles": _append(body, _changes(corners)), "faces": len(surface.triangles)})
    for plane in slices:
        rows, columns = plane.pixels.shape[:2]
        entry = {"group": plane.group, "corners": [_short(c) for c in plane.corners], "pixels": [columns, rows]}
        pictures.append(entry | {"image": _append(body, plane.pixels)})
    return Packed({"meshes": meshes, "planes": pictures}, base64.b64encode(zlib.compress(bytes(body), 7)).decode("ascii"))


def _changes(rows: np.ndarray) -> np.ndarray:
    """Each row as its first number and the steps from there, modulo 2^16."""
    return np.diff(rows, axis=1, prepend=0).astype("<u2")


def _append(body: bytearray, values: np.ndarray) -> int:
    """Where the values begin: on an even byte, as 16-bit numbers must."""
    body.extend(b"\0" * (len(body) % 2))
    start = len(body)
    body.extend(np.ascontiguousarray(values).tobytes())
    return start


def _short(values: np.ndarray) -> list[float]:
    return [round(float(v), 3) for v in values]
