"""The organ cut open at the tumour: three planes painted with the image, the tumour standing in the gap."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from twin.grid import triple
from twin.visual.mesh import bodies, daylight, fine, isosurface, softened
from twin.visual.palette import CORE, WHOLE, rgb
from twin.visual.stage import Camera, Stage
from twin.visual.view import View

CORTEX = (0.905, 0.855, 0.80)


@dataclass(frozen=True)
class Tumour:
    """What one picture shows: fields in display order whose level 0.5 is the outline (None: not to be shown)."""

    whole: np.ndarray = field(repr=False)
    core: np.ndarray | None = field(repr=False, default=None)


@dataclass(frozen=True)
class Notch:
    """The part cut away: points beyond ``corner`` along all three axes, in the directions ``signs`` (x, y, z; mm)."""

    corner: tuple[float, float, float]
    signs: tuple[int, int, int]

    def depth(self, points: np.ndarray) -> np.ndarray:
        """How deep points (x, y, z) lie inside the notch, mm; negative outside."""
        return ((np.asarray(points) - np.asarray(self.corner)) * np.asarray(self.signs)).min(axis=1)


def notch_for(view: View, lesion: np.ndarray) -> Notch:
    """A corner just behind the middle of the lesion, open to the top, to the lesion's side and to the nearer end."""
    spacing = np.asarray(view.spacing)
    where = np.argwhere(lesion if lesion.any() else view.organ)
    middle, extent = where.mean(axis=0), (np.ptp(where, axis=0) + 1) / 2
    centre = np.argwhere(view.organ).mean(axis=0)
    side_z, side_y, side_x = 1, 1 if middle[1] > centre[1] + 2 else -1, 1 if middle[2] >= centre[2] else -1
    signs = np.array([side_z, side_y, side_x])
    corner = np.round(middle - signs * (0.55 * extent + 3 / spacing)) * spacing
    return Notch(tuple(float(c) for c in corner[::-1]), tuple(int(s) for s in signs[::-1]))  # type: ignore[arg-type]


def camera_for(view: View, notch: Notch, aspect: float) -> Camera:
    """From the open side, somewhat above, the whole organ in the picture."""
    towards = np.array(notch.signs) * (0.74, 0.62, 0.58)
    towards /= np.linalg.norm(towards)
    camera = Camera(notch.corner, triple(float(t) for t in towards), 100.0)
    return camera.framing(_surface_points(view.organ, view.spacing), aspect)


def close_up(view: View, camera: Camera, lesions: np.ndarray, aspect: float, room_mm: float = 14.0) -> Camera:
    """The same direction, closer: everything that is tumour in any picture of a series, with some room around it."""
    points = _surface_points(lesions if lesions.any() else view.organ, view.spacing)
    near = camera.framing(points, aspect, margin=1.0)
    return replace(near, half_height_mm=min(camera.half_height_mm, max(40.0, near.half_height_mm + room_mm)))


def _surface_points(mask: np.ndarray, spacing: tuple[float, float, float]) -> np.ndarray:
    """Places (x, y, z) in mm of a mask's voxels, every second one of large masks."""
    step = 2 if mask.sum() > 200_000 else 1
    where = np.argwhere(mask[::step, ::step, ::step]) * step
    return (where * np.asarray(spacing))[:, ::-1]


class Cutaway:
    """The parts of a cutaway that stay the same, and the tumour that changes from picture to picture."""

    def __init__(self, view: View, notch: Notch, detail_mm: float = 2.2):
        self.view, self.notch = view, notch
        self.organ = softened(view.organ, view.spacing, max(0.7, 0.45 * max(view.spacing)))
        surface = isosurface(*fine(self.organ, view.spacing, detail_mm), 0.5, smooth=24)
        shade = daylight(surface, view.organ, view.spacing)
        surface.point_data["colour"] = _tinted(CORTEX, shade)
        surface.point_data["depth"] = notch.depth(surface.points)
        self.surface = surface.clip_scalar(scalars="depth", value=0.0, invert=True)
        self.planes = [_Plane(view, self.organ, notch, axis) for axis in range(3)]

    def furnish(self, stage: Stage) -> None:
        """Add what does not change."""
        stage.add(self.surface, scalars="colour", rgb=True, ambient=0.30, diffuse=0.78, specular=0.16, specular_power=18)

    def place(self, stage: Stage, tumour: Tumour) -> list[Any]:
        """Add the planes painted for one tumour, and the tumour; returns the actors for :meth:`Stage.remove`."""
        actors = []
        for plane in self.planes:
            actors += plane.place(stage, tumour)
        actors.append(self._solid(stage, tumour.core))
        actors.append(self._jelly(stage, tumour.whole))
        return actors

    def _solid(self, stage: Stage, values: np.ndarray | None) -> Any:
        surface = self._in_notch(values)
        looks = {"ambient": 0.45, "diffuse": 0.72, "specular": 0.25, "specular_power": 30}
        return None if surface is None else stage.add(surface, color=CORE, **looks)

    def _jelly(self, stage: Stage, values: np.ndarray) -> Any:
        """The whole lesion, clear where one looks straight at it, denser towards its rim, so that its shape is seen."""
        surface = self._in_notch(values)
        if surface is None:
            return None
        facing = np.abs(np.asarray(surface.point_data["Normals"]) @ np.asarray(stage.camera.towards))
        opacity = 0.46 + 0.50 * (1 - facing) ** 1.6
        colour = np.concatenate([np.tile(rgb(WHOLE), (surface.n_points, 1)), opacity[:, None]], axis=1)
        surface.point_data["colour"] = (np.clip(colour, 0, 1) * 255).astype(np.uint8)
        looks = {"ambient": 0.42, "diffuse": 0.75, "specular": 0.35, "specular_power": 25, "culling": "back"}
        return stage.add(surface, scalars="colour", rgb=True, **looks)

    def _in_notch(self, values: np.ndarray | None) -> Any:
        """The part of a body's surface that stands in the gap, or None."""
        surface = None if values is None else bodies(values, self.view.spacing, [0.5])[0]
        if surface is None:
            return None
        surface.point_data["depth"] = self.notch.depth(surface.points)
        surface = surface.clip_scalar(scalars="depth", value=0.0, invert=False)
        return surface if surface.n_points else None


class _Plane:
    """One of the three cut faces: axis 0, 1, 2 for x, y, z."""

    def __init__(self, view: View, organ: np.ndarray, notch: Notch, axis: int):
        import pyvista as pv

        self.view, self.axis, self.notch = view, axis, notch
        self.finer = max(1, round(max(view.spacing) / 0.5))
        spacing = view.spacing[::-1]
        self.index = round(notch.corner[axis] / spacing[axis])
        outline = self._slice(organ)
        steps = [s / self.finer for s in spacing]
        dims, flat = [0, 0, 0], [a for a in range(3) if a != axis]
        dims[axis] = 1
        dims[flat[0]], dims[flat[1]] = outline.shape[1], outline.shape[0]
        origin = [0.0, 0.0, 0.0]
        origin[axis] = notch.corner[axis]
        face = pv.ImageData(dimensions=dims, spacing=steps, origin=origin)
        self.grey = self._slice(view.image)
        face.point_data["outline"] = outline.ravel()
        face.point_data["number"] = np.arange(face.n_points, dtype=np.float64)
        inside = [face.points[:, a] for a in flat]
        open_side = [(p - notch.corner[a]) * notch.signs[a] for p, a in zip(inside, flat, strict=True)]
        face.point_data["keep"] = np.minimum(np.min(open_side, axis=0), (outline.ravel() - 0.5) * 4)
        self.face = face
        self.shade = self._contact(face.points)

    def _slice(self, values: np.ndarray) -> np.ndarray:
        """The plane's values, interpolated, as (second flat axis, first flat axis)."""
        from scipy import ndimage

        cut = np.take(values, self.index, axis=2 - self.axis).astype(np.float32)
        if self.finer == 1:
            return cut
        shape = [(n - 1) * self.finer + 1 for n in cut.shape]
        return ndimage.zoom(cut, np.divide(shape, cut.shape), order=3, mode="nearest", prefilter=True)

    def _contact(self, points: np.ndarray) -> np.ndarray:
        """Darker towards the inner edges, as light falls off in a corner."""
        flat = [a for a in range(3) if a != self.axis]
        away = [np.abs(points[:, a] - self.notch.corner[a]) for a in flat]
        near = np.minimum(*away)
        return 1 - 0.30 * np.exp(-near / 5.0)

    def place(self, stage: Stage, tumour: Tumour) -> list[Any]:
        face = self.face.copy()
        colour = np.repeat((0.04 + 0.94 * np.clip(self.grey, 0, 1)).ravel()[:, None] * self.shade[:, None], 3, axis=1)
        lines = []
        for name, values, tint, weight in (("whole", tumour.whole, WHOLE, 0.34), ("core", tumour.core, CORE, 0.55)):
            if values is None:
                continue
            level = self._slice(values).ravel()
            cover = (weight * np.clip((level - 0.5) * 6 + 0.5, 0, 1))[:, None]
            colour = colour * (1 - cover) + np.asarray(rgb(tint)) * cover
            face.point_data[name] = level
            lines.append((name, tint))
        face.point_data["colour"] = (np.clip(colour, 0, 1) * 255).astype(np.uint8)
        face = face.clip_scalar(scalars="keep", value=0.0, invert=False)
        if face.n_points == 0:
            return []
        actors = [stage.add(face, scalars="colour", rgb=True, lighting=False, smooth_shading=False)]
        for name, tint in lines:
            edge = face.contour([0.5], scalars=name)
            if edge.n_points:
                edge.points += np.asarray(stage.camera.towards) * 0.4
                actors.append(
                    stage.add(edge, color=tint, line_width=2.2 * stage.oversample, lighting=False, smooth_shading=False)
                )
        return actors


def _tinted(colour: tuple[float, float, float], shade: np.ndarray) -> np.ndarray:
    """Shaded colours, the shadows a little warmer than the lights."""
    warm = np.stack([shade**0.92, shade**1.05, shade**1.12], axis=1)
    return (np.clip(np.asarray(colour) * warm, 0, 1) * 255).astype(np.uint8)
