"""The off-screen stage: one light, one camera, one scale for every picture of a series; a transparent ground."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twin.grid import triple
from twin.visual.palette import rgb


@dataclass(frozen=True)
class Camera:
    """A parallel projection: ``towards`` is the unit vector from the focus to the eye; ``half_height_mm`` sets the scale."""

    focus: tuple[float, float, float]
    towards: tuple[float, float, float]
    half_height_mm: float
    up: tuple[float, float, float] = (0.0, 0.0, 1.0)

    def on_screen(self, direction: tuple[float, float, float]) -> tuple[float, float, float]:
        """A direction of the patient's frame as (right, up, towards the eye)."""
        forward = np.asarray(self.towards)
        right = np.cross(self.up, forward)
        right = right / np.linalg.norm(right)
        up = np.cross(forward, right)
        return float(np.dot(direction, right)), float(np.dot(direction, up)), float(np.dot(direction, forward))

    def framing(self, points: np.ndarray, aspect: float, margin: float = 1.08) -> Camera:
        """The same direction, with focus and scale such that all points (x, y, z; mm) are in the picture."""
        axes = np.eye(3)
        along = np.array([self.on_screen(tuple(axis)) for axis in axes])
        seen = np.asarray(points, float) @ along
        low, high = seen.min(axis=0), seen.max(axis=0)
        half = max((high[1] - low[1]) / 2, (high[0] - low[0]) / 2 / aspect) * margin
        focus = along @ ((low + high) / 2)
        return replace(self, focus=triple(float(f) for f in focus), half_height_mm=float(half))


class Stage:
    """A VTK window without a display. Add actors, :meth:`shoot` pictures, swap actors, shoot again.

    Pictures are drawn larger by ``oversample`` and averaged (no multisampling: it loses translucent surfaces in software).
    Their ground is transparent, so that they fit light and dark pages and paper alike.
    """

    def __init__(self, camera: Camera, size: tuple[int, int], oversample: float = 1.6):
        import pyvista as pv
        from vtkmodules.vtkCommonCore import vtkLogger

        vtkLogger.SetStderrVerbosity(vtkLogger.VERBOSITY_OFF)
        self.camera, self.size, self.oversample = camera, size, oversample
        width, height = (round(n * oversample) for n in size)
        self.plotter = pv.Plotter(off_screen=True, window_size=(width, height), lighting="none")
        self.plotter.disable_anti_aliasing()
        self.plotter.render_window.SetMultiSamples(0)
        self.plotter.enable_depth_peeling(number_of_peels=6, occlusion_ratio=0.0)
        self.plotter.set_background("black")
        self._lights()
        self.aim(camera)

    def _lights(self) -> None:
        import pyvista as pv

        for place, strength in (((-1.2, 1.6, 2.2), 0.80), ((2.2, 0.2, 1.0), 0.26), ((0.2, -1.5, 0.6), 0.12)):
            light = pv.Light(light_type="camera light", intensity=strength, color="white")
            light.position = place
            self.plotter.add_light(light)

    def aim(self, camera: Camera) -> None:
        self.camera = camera
        view = self.plotter.camera
        focus, towards = np.asarray(camera.focus), np.asarray(camera.towards)
        view.focal_point, view.position, view.up = tuple(focus), tuple(focus + 800 * towards), camera.up
        view.enable_parallel_projection()
        view.parallel_scale = camera.half_height_mm
        view.clipping_range = (200, 1600)

    def add(self, mesh: Any, **looks: Any) -> Any:
        """Add a mesh (None is nothing) with smooth shading and no scalar bar; returns the actor."""
        if mesh is None or mesh.n_points == 0:
            return None
        looks = {"smooth_shading": True, "show_scalar_bar": False, "reset_camera": False, "render": False} | looks
        return self.plotter.add_mesh(mesh, **looks)

    def remove(self, actors: list[Any]) -> None:
        for actor in actors:
            if actor is not None:
                self.plotter.remove_actor(actor, render=False)

    def shoot(self) -> np.ndarray:
        """The picture as (height, width, 4) floats in [0, 1], colour not multiplied by opacity."""
        from PIL import Image

        self.plotter.renderer.ResetCameraClippingRange()
        self.plotter.render()  # a screenshot alone shows the scene as it was last drawn
        raw = self.plotter.screenshot(transparent_background=True, return_img=True)
        bands = [
            Image.fromarray(np.ascontiguousarray(raw[..., i])).resize(self.size, Image.Resampling.BOX) for i in range(4)
        ]
        picture = np.stack([np.asarray(band, np.float32) for band in bands], axis=2) / 255
        alpha = picture[..., 3:]
        colour = np.divide(picture[..., :3], alpha, out=np.zeros_like(picture[..., :3]), where=alpha > 1e-3)
        return np.concatenate([np.clip(colour, 0, 1), alpha], axis=2)

    def close(self) -> None:
        self.plotter.close()


def on_ground(picture: np.ndarray, ground: str) -> np.ndarray:
    """A picture with opacity laid on a plain colour, (height, width, 3)."""
    return picture[..., :3] * picture[..., 3:] + np.asarray(rgb(ground), np.float32) * (1 - picture[..., 3:])
